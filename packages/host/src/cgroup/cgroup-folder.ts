/** The operations on control groups. They look like folders, but the kernel keeps them. */
import { existsSync, readFileSync, watch } from 'node:fs';
import { mkdir, readFile, rmdir, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { abortable, identifyProcess, signalProcess } from '@vmgrid/daemon';

export interface CgroupFolders {
  isGroup(path: string): Promise<boolean>;
  make(path: string): Promise<void>;
  /** Fails with EBUSY while a process is in the group, with ENOENT when it does not exist. */
  remove(path: string): Promise<void>;
  write(path: string, file: string, text: string): Promise<void>;
  /** Ends everything in the group, or in a group below it, at once. */
  kill(path: string): Promise<void>;
  /**
   * Resolves when no process is in the group or in a group below it. Fails with ENOENT or ENODEV when it is removed
   * meanwhile.
   */
  emptied(path: string, signal: AbortSignal): Promise<void>;
}

/** CGROUP2_SUPER_MAGIC of statfs(2). */
const CGROUP2_TYPE = 0x6367_7270;

export const cgroupFolders: CgroupFolders = {
  isGroup: async (path) => (await statfs(path).catch(() => undefined))?.type === CGROUP2_TYPE,
  make: (path) => mkdir(path),
  remove: (path) => rmdir(path),
  write: (path, file, text) => writeFile(join(path, file), text),
  kill,
  emptied,
};

const KILL = 'cgroup.kill';

/** Kernels before 5.14 can end the processes of a group only one by one. */
async function kill(path: string): Promise<void> {
  if (existsSync(join(path, KILL))) return writeFile(join(path, KILL), '1');
  const processes = (await readFile(join(path, 'cgroup.procs'), 'utf8')).split('\n').filter((pid) => pid !== '');
  for (const identity of processes.flatMap((pid) => identifyProcess(Number(pid)) ?? []))
    signalProcess(identity, 'SIGKILL');
}

const isPopulated = (events: string): boolean => /^populated 1$/m.test(readFileSync(events, 'utf8'));

/** The kernel reports changes of `cgroup.events` as changes of a file. */
async function emptied(path: string, signal: AbortSignal): Promise<void> {
  const events = join(path, 'cgroup.events');
  const empty = Promise.withResolvers<void>();
  const look = (): void => {
    try {
      if (!isPopulated(events)) empty.resolve();
    } catch (error) {
      empty.reject(error); // somebody removed the group meanwhile; thrown from a watcher it would end the plant
    }
  };
  const watcher = watch(events, look);
  watcher.on('error', empty.reject);
  try {
    look();
    await abortable(empty.promise, signal);
  } finally {
    watcher.close();
  }
}
