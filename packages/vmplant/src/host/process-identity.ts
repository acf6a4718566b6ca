import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process for good: its number is given to another one some day, together with its start time it is not. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks after the host booted, from /proc/PID/stat. */
  readonly startTime: string;
  readonly bootId: string;
}

const POLL_MS = 10;

/** Id of this run of the host's kernel. */
export const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

/** State letter and start time (fields 3 and 22, proc(5)); the name in field 2 may contain anything. */
function readStat(pid: number): { state: string; startTime: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', startTime: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}

/** Identity of a process that runs; undefined when there is none of this number. */
export function identify(pid: number): ProcessIdentity | undefined {
  const stat = readStat(pid);
  return stat && { pid, startTime: stat.startTime, bootId: bootId() };
}

/** A zombie does not run any more: it waits for a parent that may never ask. */
export function isRunning({ pid, startTime, bootId: boot }: ProcessIdentity): boolean {
  const stat = readStat(pid);
  return stat !== undefined && stat.state !== 'Z' && stat.startTime === startTime && boot === bootId();
}

/** Sends a signal to just this process, never to a later one of the same number. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isRunning(identity)) return;
  try {
    process.kill(identity.pid, signal);
  } catch {
    // It ended in between.
  }
}

/**
 * Waits until a process is gone; false when it still runs after `timeoutMs`. Polls: the end of a process that is
 * nobody's child here is no event. Call it when the end is near.
 */
export async function waitUntilGone(identity: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  for (let waited = 0; isRunning(identity); waited += POLL_MS) {
    if (waited >= timeoutMs) return false;
    await sleep(POLL_MS);
  }
  return true;
}
