/** What a daemon has of memory. */
import { type Static, Type } from 'typebox';

const Mebibytes = Type.Number({ minimum: 0 });

export const MemoryReply = Type.Object(
  {
    /** Of the heap: objects, those that are garbage already included. */
    heapUsedMiB: Mebibytes,
    /** How far the heap may grow; the daemon ends when that does not do. */
    heapLimitMiB: Mebibytes,
    /** All of the process that is in memory. */
    residentMiB: Mebibytes,
  },
  { additionalProperties: false },
);
export type MemoryReply = Static<typeof MemoryReply>;
