/** The text at the end of a run of the tests. Pure. */

export interface NotRun {
  readonly title: string;
  /** Why it was skipped, where it says so. */
  readonly why: string | undefined;
}

/** The part of jest's results that is read. */
interface FileResults {
  readonly testResults: readonly { readonly status: string; readonly fullName: string }[];
}

interface Counts {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numRuntimeErrorTestSuites: number;
  /** Warnings of Node, in any process of the run. */
  readonly numWarnings: number;
}

/** How `testUnless` (test-unless.ts) writes into a title why a test is skipped. */
const SKIPPED = / \[skipped: (.+)\]$/;

/** The tests of a file that did not run. */
export function notRunOf({ testResults }: FileResults): readonly NotRun[] {
  return testResults
    .filter(({ status }) => status === 'pending' || status === 'todo')
    .map(({ fullName }) => ({ title: fullName.replace(SKIPPED, ''), why: SKIPPED.exec(fullName)?.[1] }));
}

/**
 * A test that did not run, without a reason in words, counts as failed; so do a file that could not be read, and a
 * warning.
 */
export function summaryOf(counts: Counts, notRun: readonly NotRun[]): { text: string; failed: number } {
  const [skipped, unexplained] = [notRun.filter(({ why }) => why), notRun.filter(({ why }) => !why)];
  const { numFailedTests, numRuntimeErrorTestSuites, numWarnings } = counts;
  const failed = numFailedTests + numRuntimeErrorTestSuites + numWarnings + unexplained.length;
  const lines = [
    ...skipped.map(({ title, why }) => `skipped: ${title}: ${why}`),
    ...unexplained.map(({ title }) => `did not run, and does not say why: ${title}`),
    `${counts.numPassedTests} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`,
  ];
  return { text: `${lines.join('\n')}\n`, failed };
}
