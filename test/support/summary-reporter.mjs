/** Ends the run with the one line CI reads: `N passed, M failed`. A test that did not run counts as failed. */
export default class SummaryReporter {
  onRunComplete(_contexts, results) {
    const notRun = results.numPendingTests + results.numTodoTests + results.numRuntimeErrorTestSuites;
    const line = `${results.numPassedTests} passed, ${results.numFailedTests + notRun} failed\n`;
    process.on('exit', () => process.stdout.write(line)); // after jest's own summary
  }
}
