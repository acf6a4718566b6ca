import { expect, test } from '@jest/globals';
import { type CommandError, runCommand } from '../src/command.ts';

const failure = (work: Promise<unknown>): Promise<CommandError> =>
  work.then(
    () => {
      throw new Error('the command was expected to fail');
    },
    (error) => error,
  );

test('a command returns its standard output and gets its input', async () => {
  expect(await runCommand('cat', [], { input: 'a line' })).toBe('a line');
});

test('arguments are never read by a shell', async () => {
  expect(await runCommand('echo', ['$(id)', ';', '`id`'])).toBe('$(id) ; `id`');
});

test('a failing command tells its exit status and its last words', async () => {
  const error = await failure(runCommand('sh', ['-c', 'echo broken disk >&2; exit 3']));
  expect(error).toMatchObject({ reason: 'failed', exitCode: 3, outputTail: 'broken disk' });
});

test('a program that is not there is told apart from one that fails', async () => {
  expect(await failure(runCommand('no-such-program', []))).toMatchObject({ reason: 'not-found' });
});

test('a command over its time is killed even when it ignores SIGTERM', async () => {
  const error = await failure(runCommand('sh', ['-c', 'trap "" TERM; sleep 60 & wait; sleep 60'], { timeoutMs: 50 }));
  expect(error.reason).toBe('timeout');
});

test('an abort ends the command', async () => {
  const abort = new AbortController();
  const work = failure(runCommand('sleep', ['60'], { signal: abort.signal }));
  abort.abort();
  expect(await work).toMatchObject({ reason: 'cancelled' });
});

test('lines of standard error are seen while the command runs', async () => {
  const lines: string[] = [];
  await runCommand('sh', ['-c', 'echo one >&2; echo two >&2'], { onErrorLine: (line) => lines.push(line) });
  expect(lines).toEqual(['one', 'two']);
});
