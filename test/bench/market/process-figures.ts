/** Reads from /proc what a process has used. */
import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ, in which Linux tells times to programs, is 100 everywhere. */
const MS_PER_TICK = 10;

/** Milliseconds of processor time, of it and of its children that have ended. */
export function cpuMsOf(pid: number): number {
  const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const ticks = rest.split(' ').slice(11, 15).map(Number);
  return ticks.reduce((sum, one) => sum + one, 0) * MS_PER_TICK;
}

/** The most memory that it ever had in MiB, shared parts included. */
export function peakMiBOf(pid: number): number {
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!;
  return Math.round(Number(kibibytes) / 1_024);
}

/** Files, sockets and pipes that it has open. */
export const openFilesOf = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;
