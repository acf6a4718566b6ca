/** A warning of Node's fails the run in which it comes, whichever process it comes in. */
import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from '@jest/globals';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';

const folder = useTemporaryFolder();
const warnings = () => join(folder(), 'warnings');
beforeEach(() => writeFile(warnings(), ''));

/** Runs a module as a process of a test run in which three tests have passed, then ends that run. */
function runWith(module: string, ...flags: string[]): { readonly status: number | null; readonly said: string } {
  const support = (name: string): string => new URL(`support/jest/${name}`, import.meta.url).href;
  const end = `
    import SummaryReporter from '${support('summary-reporter.mjs')}';
    setImmediate(() => {
      const counts = { numPassedTests: 3, numFailedTests: 0, numRuntimeErrorTestSuites: 0 };
      const reporter = new SummaryReporter({});
      reporter.onRunComplete([], { ...counts, testResults: [] });
      process.exitCode = reporter.getLastError() ? 1 : 0;
    });`;
  const { status, stdout } = spawnSync(process.execPath, [...flags, '--input-type=module', '-e', `${module};${end}`], {
    encoding: 'utf8',
    env: { NODE_OPTIONS: `--import=${support('record-warnings.mjs')}`, VMGRID_TEST_WARNINGS: warnings() },
  });
  return { status, said: stdout };
}

test('listeners that pile up fail the run', async () => {
  const leak = "for (let n = 0; n < 11; n++) process.stdin.on('x', () => n)";
  expect(runWith(leak)).toEqual({ status: 1, said: '3 passed, 1 failed\n' });
  expect(await readFile(warnings(), 'utf8')).toContain('MaxListenersExceededWarning');
});

test('what jest itself needs that is experimental does not', () => {
  const module = "new (process.getBuiltinModule('node:vm').SourceTextModule)('')";
  expect(runWith(module, '--experimental-vm-modules')).toEqual({ status: 0, said: '3 passed, 0 failed\n' });
});

test.each(['ExperimentalWarning', 'DeprecationWarning'])('any other %s does', (kind) => {
  expect(runWith(`process.emitWarning('beware', '${kind}')`)).toEqual({ status: 1, said: '3 passed, 1 failed\n' });
});
