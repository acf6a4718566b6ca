import { getHeapStatistics } from 'node:v8';

/** A process's use of memory, in MiB. */
export interface MemoryFigures {
  /** Used heap, garbage included. */
  readonly heapUsedMiB: number;
  /** Size to which the heap may grow; the process ends when that is not enough. */
  readonly heapLimitMiB: number;
  /** Memory of the whole process that is resident. */
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

/** Rounds to tenths. */
const mebibytes = (bytes: number): number => Math.round((bytes / 1_048_576) * 10) / 10;
