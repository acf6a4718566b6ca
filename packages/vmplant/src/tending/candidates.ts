import { SUGGEST_LIMITS } from './limits.ts';
import { closureOf, meet, type Prefix, segmentOf } from './prefix.ts';

export interface CandidateLimits {
  readonly candidates: number;
  readonly meets: number;
}

/**
 * Beginnings worth comparing: those of the requests, what any of them have in common (meets of meets, breadth first),
 * and the closures of single actions, and how far each beginning has come with one: under a quota less may be more.
 * Among beginnings that serve the same requests the largest spares most, and that one is a meet: without limits nothing
 * that saves more time is missed. Within limits, the earlier the beginnings, the sooner looked at.
 */
export function* candidatePrefixes(
  prefixes: readonly Prefix[],
  limits: CandidateLimits = SUGGEST_LIMITS,
): Generator<void, readonly Prefix[]> {
  const found = new Map<string, Prefix>();
  const add = (prefix: Prefix): void => {
    if (prefix.digests.length > 0 && found.size < limits.candidates) found.set(prefix.digests.join(), prefix);
  };
  for (const prefix of prefixes) add(prefix);
  const given = [...found.values()];
  let meetsLeft = limits.meets;
  for (const prefix of found.values()) {
    const others = given.slice(0, meetsLeft);
    meetsLeft -= others.length;
    for (const other of others) {
      yield;
      if (other !== prefix) add(meet(prefix, other));
    }
    if (others.length === 0 || found.size >= limits.candidates) break;
  }
  for (const prefix of given) {
    if (found.size >= limits.candidates) break;
    for (const digest of prefix.digests) {
      yield;
      add(closureOf(prefix, digest));
      add(segmentOf(prefix, digest));
    }
  }
  return [...found.values()];
}
