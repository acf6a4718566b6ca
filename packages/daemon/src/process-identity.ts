import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process for good, also over a restart of the host: its pid alone is given to another one some day. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time in clock ticks since boot: field 22 of proc(5) `/proc/PID/stat`. */
  readonly startTime: number;
  /** Which run of the host's kernel those ticks are of. */
  readonly bootId: string;
}

const POLL_MS = 10;

/** Id of this run of the host's kernel. */
export const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

/**
 * Identity of a living process; undefined when there is none of this pid, or only a zombie, which a parent may never
 * ask for.
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

/** Whether that very process still lives. */
export function isAlive({ pid, startTime, bootId }: ProcessIdentity): boolean {
  const found = identifyProcess(pid);
  return found?.startTime === startTime && found.bootId === bootId;
}

/** Sends a signal to just this process, never to a later one of the same pid. One that is gone already is fine. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (isAlive(identity)) send(identity.pid, signal);
}

/** The same to all processes of the group that this process leads. */
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
 * Waits until a process is gone; false when it still lives after `timeoutMs`. Polls: the end of a process that is
 * nobody's child here is no event. Call it when the end is near.
 */
export async function waitUntilGone(identity: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  const endsAt = performance.now() + timeoutMs;
  while (isAlive(identity)) {
    if (performance.now() >= endsAt) return false;
    await sleep(POLL_MS);
  }
  return true;
}
