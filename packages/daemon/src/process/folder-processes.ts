/**
 * Finds processes that outlive their starter. Each works in its own folder and carries a mark in its environment. So it
 * is found even when its starter was killed before it noted the process; an operator's shell in that folder has no
 * mark.
 */
import { readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { identifyProcess, type ProcessIdentity, signalProcess, waitUntilGone } from './process-identity.ts';

const VARIABLE = 'VMGRID_FOLDER';

/** Returns the variables that mark such a process, whose working directory is the folder. */
export const folderEnvironment = (folder: string): Readonly<Record<string, string>> => ({ [VARIABLE]: folder });

/**
 * Kills the processes that were started in a folder or below it, under whatever path, and the processes that they start
 * meanwhile. Returns those that are still alive after `withinMs`. Processes of other users are visible only to root.
 */
export async function killProcessesOf(folder: string, withinMs: number): Promise<readonly ProcessIdentity[]> {
  const endsAt = performance.now() + withinMs;
  for (;;) {
    const found = await processesOf(folder);
    if (found.length === 0) return [];
    for (const identity of found) signalProcess(identity, 'SIGKILL');
    const leftMs = Math.max(0, endsAt - performance.now());
    const gone = await Promise.all(found.map((identity) => waitUntilGone(identity, leftMs)));
    if (gone.includes(false)) return found.filter((_, index) => !gone[index]);
  }
}

/** Returns the processes that were started in a folder or below it. */
export async function processesOf(folder: string): Promise<readonly ProcessIdentity[]> {
  const real = await realpath(folder).catch(() => folder);
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const ours = await Promise.all(pids.map((pid) => worksBelow(pid, real)));
  return pids.filter((_, index) => ours[index]).flatMap((pid) => identifyProcess(pid) ?? []);
}

async function worksBelow(pid: number, folder: string): Promise<boolean> {
  // Both reads fail for a process that has just ended.
  const directory = await readlink(`/proc/${pid}/cwd`).catch(() => '');
  if (directory !== folder && !directory.startsWith(`${folder}/`)) return false;
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => undefined);
  // During an exec a process has no environment to read; an operator's shell always has one.
  if (environment === '') return true;
  return environment?.split('\0').some((entry) => entry.startsWith(`${VARIABLE}=`)) ?? false;
}
