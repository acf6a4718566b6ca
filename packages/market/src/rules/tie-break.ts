import type { OrderRule } from './rule.ts';

export const tieBreak: OrderRule = {
  name: 'tieBreak',
  why: 'Equal plants share the load, and the same request finds the same order again.',
  better: 'less',
  valueOf: (bid, { requestId }) => scatter(`${requestId}\n${bid.plantId}`),
};

/** A number from 0 to 2^32 - 1, evenly spread: FNV-1a, then the finalizer of MurmurHash3. */
function scatter(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
