import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { identifyProcess, isAlive, signalProcess, waitUntilGone } from '../../src/process/process-identity.ts';

const self = identifyProcess(process.pid)!;

async function sleeper() {
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  return { child, identity: identifyProcess(child.pid!)! };
}

test('a process is itself, and not a later one of its pid or one of another run of the host', () => {
  expect(isAlive(self)).toBe(true);
  expect(isAlive({ ...self, startTime: self.startTime - 1 })).toBe(false);
  expect(isAlive({ ...self, bootId: 'of another boot' })).toBe(false);
});

test('a pid that no process has identifies nothing', () => {
  expect(identifyProcess(4_194_304)).toBeUndefined();
});

test('a signal reaches that very process only', async () => {
  const { child, identity } = await sleeper();
  signalProcess({ ...identity, startTime: identity.startTime - 1 }, 'SIGKILL');
  expect(isAlive(identity)).toBe(true);
  signalProcess(identity, 'SIGKILL');
  await once(child, 'exit');
  expect(isAlive(identity)).toBe(false);
  signalProcess(identity, 'SIGKILL');
});

test('one is waited for until it is gone, or for the time given', async () => {
  const { identity } = await sleeper();
  expect(await waitUntilGone(identity, 30)).toBe(false);
  signalProcess(identity, 'SIGKILL');
  expect(await waitUntilGone(identity, 5_000)).toBe(true);
});
