import { readFileSync } from 'node:fs';
import { notRunOf, summaryOf } from './summary.ts';

/**
 * Ends the run with the tests that were skipped, each with its reason, and the one line that CI reads. Each warning of
 * Node's in any process of the run is shown, and counts as failed.
 */
export default class SummaryReporter {
  #byName;
  #failed = 0;

  constructor({ testNamePattern }) {
    this.#byName = Boolean(testNamePattern);
  }

  onRunComplete(_contexts, results) {
    const warnings = recordedWarnings();
    for (const { program, pid, stack } of warnings)
      process.stderr.write(`\nNode warned in ${program} (process ${pid}):\n${stack}\n`);
    const notRun = results.testResults.flatMap(notRunOf);
    // Those that were not asked for by name do not run either.
    const counted = this.#byName ? notRun.filter(({ why }) => why) : notRun;
    const { text, failed } = summaryOf({ ...results, numWarnings: warnings.length }, counted);
    this.#failed = failed;
    process.on('exit', () => process.stdout.write(text)); // after jest's own summary
  }

  /** With one the run fails. */
  getLastError() {
    return this.#failed === 0 ? undefined : new Error(`${this.#failed} failed; see above`);
  }
}

/** By `record-warnings.mjs`. */
function recordedWarnings() {
  const lines = readFileSync(process.env.VMGRID_TEST_WARNINGS, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line));
}
