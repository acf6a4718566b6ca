/**
 * Properties that remember: a case that failed once is written beside the test, to be committed, and tried first ever
 * after.
 *
 * The file holds `{ "NAME": [{ "seed": 1, "path": "0:3" }] }`. A seed means the same case as long as the property's
 * arbitraries stay as they are; once they change it is one more random case, which does no harm.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';

interface Seed {
  readonly seed: number;
  readonly path: string;
}

type Seeds = Readonly<Record<string, readonly Seed[]>>;

/** Where the failed cases of a property are kept. */
interface SeedShelf {
  readonly file: string;
  readonly name: string;
}

export function assertRemembering<T>(
  { file, name }: SeedShelf,
  property: fc.IRawProperty<T, false>,
  numRuns: number,
): void {
  const seeds = read(file);
  for (const { seed, path } of seeds[name] ?? []) fc.assert(property, { seed, path });
  const details = fc.check(property, { numRuns });
  if (!details.failed) return;
  const { seed, counterexamplePath } = details;
  if (counterexamplePath !== null) {
    write(file, { ...seeds, [name]: [...(seeds[name] ?? []), { seed, path: counterexamplePath }] });
  }
  throw new Error(fc.defaultReportMessage(details), { cause: details.errorInstance });
}

const read = (file: string): Seeds => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {});

const write = (file: string, seeds: Seeds): void => writeFileSync(file, `${JSON.stringify(seeds, null, 2)}\n`);
