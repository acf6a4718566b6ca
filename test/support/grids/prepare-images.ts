/** Golden images that tests share are made before the first test: how long that takes is on no test's clock. */
import { readFileSync } from 'node:fs';
import { freezeBlank } from './freeze-blank.ts';
import { testBase, testBlank } from './test-warehouse.ts';

const ON_MACHINES = /\/test\/(contract|crash|e2e)\//;
const PREPARE_MS = 3_600_000;

/** Operating systems in the first comment of a test file, as in `@base debian-12`. */
const basesOf = (path: string): string[] =>
  [
    ...readFileSync(path, 'utf8')
      .split('*/', 1)[0]!
      .matchAll(/@base ([\w-]+)/g),
  ].map(([, os]) => os!);

/** Makes what these test files need and this machine does not have yet. */
export async function prepareImages(paths: readonly string[]): Promise<void> {
  const signal = AbortSignal.timeout(PREPARE_MS);
  if (paths.some((path) => ON_MACHINES.test(path))) await testBlank(freezeBlank, signal);
  for (const os of new Set(paths.flatMap(basesOf))) await testBase(signal, os);
}
