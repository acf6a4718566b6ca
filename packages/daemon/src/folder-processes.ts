/**
 * Processes that are started to outlive their starter carry the folder they work in in their environment. One whose starter was
 * killed before it noted the process is found by that.
 */
import { readdir, readFile } from 'node:fs/promises';
import { identifyProcess, type ProcessIdentity, signalProcess, waitUntilGone } from './process-identity.ts';

const VARIABLE = 'VMGRID_FOLDER';

/** What to add to the environment of such a process. */
export const folderEnvironment = (folder: string): Readonly<Record<string, string>> => ({ [VARIABLE]: folder });

/** Kills the processes that were started for a folder, or one below it, and waits until they are gone. Returns how many. */
export async function killProcessesOf(folder: string, withinMs: number): Promise<number> {
  const found = await processesOf(folder);
  for (const identity of found) signalProcess(identity, 'SIGKILL');
  await Promise.all(found.map((identity) => waitUntilGone(identity, withinMs)));
  return found.length;
}

async function processesOf(folder: string): Promise<readonly ProcessIdentity[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map(async (pid) => ({ pid, of: await folderOf(pid) })));
  return found
    .filter(({ of }) => of === folder || of?.startsWith(`${folder}/`))
    .flatMap(({ pid }) => identifyProcess(pid) ?? []);
}

/** Undefined also for a process of another user, and for one that has just ended. */
async function folderOf(pid: number): Promise<string | undefined> {
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
  const prefix = `${VARIABLE}=`;
  return environment
    .split('\0')
    .find((entry) => entry.startsWith(prefix))
    ?.slice(prefix.length);
}
