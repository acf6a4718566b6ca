/** A daemon's use of memory. */
import { type Static, Type } from 'typebox';

const Mebibytes = Type.Number({ minimum: 0 });

export const MemoryReply = Type.Object(
  {
    /** Used heap, garbage included. */
    heapUsedMiB: Mebibytes,
    /** Size to which the heap may grow; the daemon ends when that is not enough. */
    heapLimitMiB: Mebibytes,
    /** Memory of the whole process that is resident. */
    residentMiB: Mebibytes,
  },
  { additionalProperties: false },
);
export type MemoryReply = Static<typeof MemoryReply>;
