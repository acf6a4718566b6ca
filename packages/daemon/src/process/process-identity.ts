import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Identifies a process for ever, also over a restart of the host. A pid alone is reused some day. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time in clock ticks since boot: field 22 of proc(5) `/proc/PID/stat`. */
  readonly startTime: number;
  /** Identifies the run of the host's kernel that the ticks belong to. */
  readonly bootId: string;
}

const POLL_MS = 10;

/** Returns the id of this run of the host's kernel. */
export const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

/**
 * Returns the identity of a living process; undefined when the pid belongs to none, or to a zombie that its parent may
 * never wait for.
 */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // the name before may hold anything
    return fields[0] === 'Z' ? undefined : { pid, startTime: Number(fields[19]), bootId: bootId() };
  } catch {
    return undefined;
  }
}

/** Whether this process is still alive. */
export function isAlive({ pid, startTime, bootId }: ProcessIdentity): boolean {
  const found = identifyProcess(pid);
  return found?.startTime === startTime && found.bootId === bootId;
}

/** Sends a signal to this process, never to a later one with the same pid. A process that has ended is ignored. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (isAlive(identity)) send(identity.pid, signal);
}

/** Sends a signal to all processes of the group that this process leads, in the same way. */
export function signalGroupOf(leader: ProcessIdentity, signal: NodeJS.Signals): void {
  if (isAlive(leader)) send(-leader.pid, signal);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/**
 * Waits until a process has ended; returns false when it is still alive after `timeoutMs`. It polls, because the end of
 * a process that is no child of ours is no event. Call it when the end is near.
 */
export async function waitUntilGone(identity: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  const endsAt = performance.now() + timeoutMs;
  while (isAlive(identity)) {
    if (performance.now() >= endsAt) return false;
    await sleep(POLL_MS);
  }
  return true;
}
