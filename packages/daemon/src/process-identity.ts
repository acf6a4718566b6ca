import { readFileSync } from 'node:fs';

/** A process, told apart from a later one that got the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time in clock ticks since boot: field 22 of proc(5) `/proc/PID/stat`. */
  readonly startTime: number;
}

/** Identity of a living process; undefined when there is none of this pid (or it is a zombie). */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // the name before may hold anything
    return fields[0] === 'Z' ? undefined : { pid, startTime: Number(fields[19]) };
  } catch {
    return undefined;
  }
}

/** Whether that very process still lives. */
export const isAlive = (process: ProcessIdentity): boolean =>
  identifyProcess(process.pid)?.startTime === process.startTime;
