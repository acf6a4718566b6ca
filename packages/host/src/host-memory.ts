import { readFileSync } from 'node:fs';

export interface HostMemory {
  /** Memory that new programs can take without swapping, by the kernel's own estimate. */
  readonly availableMiB: number;
  readonly totalMiB: number;
}

/** Reads the text of `/proc/meminfo` (proc(5)). */
export function memoryOf(text: string): HostMemory {
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]);
  return { availableMiB: Math.floor(field('MemAvailable') / 1_024), totalMiB: Math.floor(field('MemTotal') / 1_024) };
}

export const hostMemory = (): HostMemory => memoryOf(readFileSync('/proc/meminfo', 'utf8'));
