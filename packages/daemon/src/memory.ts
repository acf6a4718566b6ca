import { getHeapStatistics } from 'node:v8';

/** What a process has of memory, in MiB. */
export interface MemoryFigures {
  /** Of the heap: objects, those that are garbage already included. */
  readonly heapUsedMiB: number;
  /** How far the heap may grow; the process ends when that does not do. */
  readonly heapLimitMiB: number;
  /** All of the process that is in memory. */
  readonly residentMiB: number;
}

export function memoryFigures(): MemoryFigures {
  const { used_heap_size, heap_size_limit } = getHeapStatistics();
  return {
    heapUsedMiB: mebibytes(used_heap_size),
    heapLimitMiB: mebibytes(heap_size_limit),
    residentMiB: mebibytes(process.memoryUsage.rss()),
  };
}

/** To tenths. */
const mebibytes = (bytes: number): number => Math.round((bytes / 1_048_576) * 10) / 10;
