/**
 * Finds the beginnings that requests have in common. A beginning of one request is an order ideal of its DAG: a set of
 * actions closed under predecessors. An image serves several requests when its history runs in an order that all of
 * them allow. So a common beginning is an order ideal of the union of their relations, and the largest one is all that
 * Kahn's algorithm reaches there.
 */
import type { RequestCase } from './request-case.ts';

/** Actions by digest in an allowed order, each with the actions that must run directly before it. */
export interface Prefix {
  readonly digests: readonly string[];
  readonly before: ReadonlyMap<string, ReadonlySet<string>>;
}

/**
 * Returns the largest part of a request that an image may hold. It leaves out, with everything that comes after them:
 * secret actions, actions that run for each machine, and actions that are listed twice, because a set cannot tell how
 * many of them ran.
 */
export function prefixOf({ dag, actions }: RequestCase): Prefix {
  const { digests, graph, groupOf, groupOfDigest, members, topological } = dag;
  const isFit = (node: number): boolean =>
    !actions[node]!.secret &&
    groupOfDigest.get(digests[node]!) === groupOf[node] &&
    members[groupOf[node]!]!.length === 1;
  const entries = topological
    .filter(isFit)
    .map((node) => [digests[node]!, new Set(graph.predecessors[node]!.map((before) => digests[before]!))] as const);
  return reachable(new Map(entries));
}

/** Returns the largest common beginning of two: any history that both allow is within it. Linear in both. */
export function meet(a: Prefix, b: Prefix): Prefix {
  const common = a.digests.filter((digest) => b.before.has(digest));
  return reachable(
    new Map(common.map((digest) => [digest, new Set([...a.before.get(digest)!, ...b.before.get(digest)!])])),
  );
}

/** Returns the smallest beginning with this action: the action and all that comes before it. */
export function closureOf(prefix: Prefix, digest: string): Prefix {
  const held = new Set([digest]);
  for (const one of held) for (const before of prefix.before.get(one)!) held.add(before);
  const digests = prefix.digests.filter((one) => held.has(one));
  return { digests, before: new Map(digests.map((one) => [one, prefix.before.get(one)!])) };
}

/** Returns a beginning up to this action, in its order. */
export function segmentOf({ digests, before }: Prefix, digest: string): Prefix {
  const held = digests.slice(0, digests.indexOf(digest) + 1);
  return { digests: held, before: new Map(held.map((one) => [one, before.get(one)!])) };
}

/**
 * Returns what Kahn's algorithm reaches when an action waits for all its predecessors, including those that are
 * missing.
 */
function reachable(before: ReadonlyMap<string, ReadonlySet<string>>): Prefix {
  const waiting = new Map([...before].map(([digest, { size }]) => [digest, size]));
  const after = new Map<string, string[]>();
  for (const [digest, others] of before) {
    for (const other of others) after.set(other, [...(after.get(other) ?? []), digest]);
  }
  const digests = [...before.keys()].filter((digest) => waiting.get(digest) === 0);
  for (let at = 0; at < digests.length; at++) {
    for (const next of after.get(digests[at]!) ?? []) {
      const left = waiting.get(next)! - 1;
      waiting.set(next, left);
      if (left === 0) digests.push(next);
    }
  }
  return { digests, before: new Map(digests.map((digest) => [digest, before.get(digest)!])) };
}
