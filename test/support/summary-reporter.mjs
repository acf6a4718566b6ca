import { notRunOf, summaryOf } from './summary.ts';

/** Ends the run with the tests that were skipped, each with its reason, and the one line that CI reads. */
export default class SummaryReporter {
  #byName;

  constructor({ testNamePattern }) {
    this.#byName = Boolean(testNamePattern);
  }

  onRunComplete(_contexts, results) {
    const notRun = results.testResults.flatMap(notRunOf);
    // Those that were not asked for by name do not run either.
    const { text, failed } = summaryOf(results, this.#byName ? notRun.filter(({ why }) => why) : notRun);
    process.on('exit', (code) => {
      process.stdout.write(text); // after jest's own summary
      if (failed > 0 && code === 0) process.exitCode = 1;
    });
  }
}
