import { SUGGEST_LIMITS } from './limits.ts';
import { closureOf, meet, type Prefix, segmentOf } from './prefix.ts';

export interface CandidateLimits {
  readonly candidates: number;
  readonly meets: number;
}

/**
 * Yields the beginnings worth comparing: those of the requests; what any of them have in common (meets of meets,
 * breadth first); the closures of single actions; and the parts of each beginning up to an action, because under a
 * quota a smaller image may be better. Among beginnings that serve the same requests the largest saves most, and that
 * one is a meet. So without limits nothing that saves more time is missed. With limits, earlier beginnings are looked
 * at sooner.
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
