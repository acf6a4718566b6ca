import { readFileSync } from 'node:fs';

/**
 * Ends the run with the one line CI reads: `N passed, M failed`. A test that did not run counts as failed, and so does each warning of
 * Node's in any process of the run, which is shown.
 */
export default class SummaryReporter {
  #warnings = [];

  onRunComplete(_contexts, results) {
    this.#warnings = recordedWarnings();
    for (const { program, pid, stack } of this.#warnings)
      process.stderr.write(`\nNode warned in ${program} (process ${pid}):\n${stack}\n`);
    const notRun = results.numPendingTests + results.numTodoTests + results.numRuntimeErrorTestSuites;
    const failed = results.numFailedTests + notRun + this.#warnings.length;
    const line = `${results.numPassedTests} passed, ${failed} failed\n`;
    process.on('exit', () => process.stdout.write(line)); // after jest's own summary
  }

  /** With one the run fails. */
  getLastError() {
    const { length } = this.#warnings;
    return length === 0 ? undefined : new Error(`Node warned ${length} times in this run; see above`);
  }
}

/** By `record-warnings.mjs`. */
function recordedWarnings() {
  const lines = readFileSync(process.env.VMGRID_TEST_WARNINGS, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line));
}
