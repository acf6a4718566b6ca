import { expect, test } from '@jest/globals';
import { notRunOf, summaryOf } from '@vmgrid/test-support/jest/summary.ts';

const counts = { numPassedTests: 7, numFailedTests: 0, numRuntimeErrorTestSuites: 0, numWarnings: 0 };
const fileOf = (...testResults: { status: string; fullName: string }[]) => ({ testResults });

test('a run in which all ran ends with their number', () => {
  const file = fileOf({ status: 'passed', fullName: 'a' }, { status: 'failed', fullName: 'b' });
  expect(notRunOf(file)).toEqual([]);
  expect(summaryOf({ ...counts, numFailedTests: 1 }, [])).toEqual({ text: '7 passed, 1 failed\n', failed: 1 });
});

test('a test that is skipped in words is listed with them, and fails nothing', () => {
  const notRun = notRunOf(
    fileOf({ status: 'pending', fullName: 'the line fills its disk [skipped: no namespaces: no]' }),
  );
  expect(summaryOf(counts, notRun)).toEqual({
    text: 'skipped: the line fills its disk: no namespaces: no\n7 passed, 0 failed, 1 skipped\n',
    failed: 0,
  });
});

test('a test that did not run and does not say why, and a file that could not be read, count as failed', () => {
  const notRun = notRunOf(fileOf({ status: 'pending', fullName: 'a' }, { status: 'todo', fullName: 'b' }));
  expect(summaryOf({ ...counts, numRuntimeErrorTestSuites: 1 }, notRun)).toEqual({
    text: [
      ...['did not run, and does not say why: a', 'did not run, and does not say why: b', '7 passed, 3 failed', ''],
    ].join('\n'),
    failed: 3,
  });
});
