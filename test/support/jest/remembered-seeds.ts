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

export function assertRemembering<T>(
  file: string,
  name: string,
  property: fc.IRawProperty<T, false>,
  numRuns: number,
): void {
  const seeds = read(file);
  for (const { seed, path } of seeds[name] ?? []) fc.assert(property, { seed, path });
  const details = fc.check(property, { numRuns });
  if (!details.failed) return;
  const { seed, counterexamplePath } = details;
  if (counterexamplePath !== null) remember(file, seeds, name, { seed, path: counterexamplePath });
  throw new Error(fc.defaultReportMessage(details), { cause: details.errorInstance });
}

const read = (file: string): Seeds => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {});

function remember(file: string, seeds: Seeds, name: string, seed: Seed): void {
  const grown = { ...seeds, [name]: [...(seeds[name] ?? []), seed] };
  writeFileSync(file, `${JSON.stringify(grown, null, 2)}\n`);
}
