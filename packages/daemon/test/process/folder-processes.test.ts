import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rename, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { folderEnvironment, killProcessesOf } from '../../src/process/folder-processes.ts';
import { identifyProcess } from '../../src/process/process-identity.ts';

let root: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'vmgrid-folder-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(root, { recursive: true });
});

async function sleeper(name: string, mark = folderEnvironment): Promise<ChildProcess> {
  const folder = join(root, name);
  await mkdir(folder, { recursive: true });
  const child = spawn('sleep', ['60'], {
    ...{ cwd: folder, stdio: 'ignore', env: { PATH: process.env.PATH, ...mark(folder) } },
  });
  children.push(child);
  await once(child, 'spawn');
  return child;
}

/** Which of them were killed. */
async function killed(folder: string, ...sleepers: readonly ChildProcess[]): Promise<boolean[]> {
  expect(await killProcessesOf(folder, 5_000)).toEqual([]);
  return sleepers.map(({ pid }) => identifyProcess(pid!) === undefined);
}

test('processes started in a folder or one below it are killed, those in a folder of like name are not', async () => {
  const sleepers = [await sleeper('vm-1'), await sleeper('vm-1/run'), await sleeper('vm-10')];
  expect(await killed(join(root, 'vm-1'), ...sleepers)).toEqual([true, true, false]);
});

test('a process that only happens to be there is left alone', async () => {
  const shell = await sleeper('vm-1', () => ({}));
  expect(await killed(join(root, 'vm-1'), shell)).toEqual([false]);
});

/** The kernel shows no environment during an exec, for an instant; here it lasts as long as the test needs. */
test('a process that has no environment to show, as amid an exec, is not overlooked', async () => {
  const folder = join(root, 'vm-1');
  await mkdir(folder);
  const child = spawn('/bin/sleep', ['60'], { cwd: folder, stdio: 'ignore', env: {} });
  children.push(child);
  await once(child, 'spawn');
  expect(await killed(folder, child)).toEqual([true]);
});

test('the folder may have been moved since, or be reached by another path', async () => {
  const moved = await sleeper('vm-1/run');
  await rename(join(root, 'vm-1'), join(root, 'vm-2'));
  await symlink('vm-2', join(root, 'vm-3'));
  expect(await killed(join(root, 'vm-3'), moved)).toEqual([true]);
});

test('there may be none, and no folder', async () => {
  expect(await killed(join(root, 'nowhere'))).toEqual([]);
});
