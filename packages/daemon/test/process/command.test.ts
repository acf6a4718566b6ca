import { expect, test } from '@jest/globals';
import { type CommandError, runCommand } from '../../src/process/command.ts';
import { identifyProcess, waitUntilGone } from '../../src/process/process-identity.ts';

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

/** A process that was killed is gone a moment later. */
const isEnding = async (pid: number): Promise<boolean> => {
  const identity = identifyProcess(pid);
  return identity === undefined || waitUntilGone(identity, 10_000);
};

test('a program that is not there is told apart from one that fails', async () => {
  expect(await failure(runCommand('no-such-program', []))).toMatchObject({ reason: 'not-found' });
});

test('a command over its time is killed even when it ignores SIGTERM', async () => {
  const error = await failure(runCommand('sh', ['-c', 'trap "" TERM; sleep 60 & wait; sleep 60'], { timeoutMs: 50 }));
  expect(error.reason).toBe('timeout');
});

test('an abort ends the command, with all it started, and is told with its own reason', async () => {
  const abort = new AbortController();
  const reason = new Error('not wanted any more');
  const pids: number[] = [];
  const onLine = (line: string) => {
    pids.push(...line.split(' ').map(Number));
    abort.abort(reason);
  };
  const work = runCommand('sh', ['-c', 'sleep 60 & echo $$ $!; wait'], { signal: abort.signal, onLine });
  await expect(work).rejects.toBe(reason);
  expect(pids).toHaveLength(2);
  expect(await Promise.all(pids.map(isEnding))).toEqual([true, true]);
});

test('what a command started ends with it, also when it ignores SIGTERM and the command does not', async () => {
  const abort = new AbortController();
  const pids: number[] = [];
  const onLine = (line: string) => {
    pids.push(Number(line));
    abort.abort();
  };
  const stubborn = `sh -c 'trap "" TERM; echo $$; exec > /dev/null 2>&1; while :; do sleep 60; done' & wait`;
  await expect(runCommand('sh', ['-c', stubborn], { signal: abort.signal, onLine })).rejects.toThrow();
  expect(await Promise.all(pids.map(isEnding))).toEqual([true]);
});

test('nothing is started for one who has gone already', async () => {
  const reason = new Error('gone');
  await expect(runCommand('no-such-program', [], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

test('lines of both streams are seen, the last one too', async () => {
  const lines: string[] = [];
  const output = await runCommand('sh', ['-c', 'echo one; echo two >&2; printf three'], {
    onLine: (line) => lines.push(line),
  });
  expect(lines.sort()).toEqual(['one', 'three', 'two']);
  expect(output).toBe('one\nthree');
});
