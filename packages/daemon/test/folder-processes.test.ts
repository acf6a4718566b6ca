import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { folderEnvironment, killProcessesOf } from '../src/folder-processes.ts';

const sleeper = (folder: string) =>
  spawn('sleep', ['60'], { stdio: 'ignore', env: { PATH: process.env.PATH, ...folderEnvironment(folder) } });

test('processes started for a folder or one below it are killed, those of a folder of like name are not', async () => {
  const folder = `/nowhere/${process.pid}`;
  const [own, below, other] = [sleeper(folder), sleeper(`${folder}/run`), sleeper(`${folder}0`)];
  await Promise.all([own, below, other].map((child) => once(child, 'spawn')));
  const ended = Promise.all([own, below].map((child) => once(child, 'exit')));
  expect(await killProcessesOf(folder, 5_000)).toBe(2);
  expect(await ended).toEqual([
    [null, 'SIGKILL'],
    [null, 'SIGKILL'],
  ]);
  expect(other.exitCode ?? other.signalCode).toBeNull();
  other.kill('SIGKILL');
});

test('there may be none', async () => {
  expect(await killProcessesOf('/nowhere/at/all', 5_000)).toBe(0);
});
