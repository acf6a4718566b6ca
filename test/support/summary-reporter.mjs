/** Ends the run with the one line CI reads: `N passed, M failed`. A skipped test counts as failed. */
export default class SummaryReporter {
  onRunComplete(_contexts, results) {
    const notRun = results.numPendingTests + results.numTodoTests + results.numRuntimeErrorTestSuites;
    process.stdout.write(`${results.numPassedTests} passed, ${results.numFailedTests + notRun} failed\n`);
  }
}
