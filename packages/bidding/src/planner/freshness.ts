/** Limits the age of results: an image that ran an action too long ago does not stand for it. */
import { parseDuration } from '@vmgrid/protocol';
import type { KnownImage, RanAction } from '../known-image.ts';

/** For each digest, the earliest time at which its action may have run, in milliseconds since the epoch. */
export type FreshSince = ReadonlyMap<string, number>;

interface Ageing {
  readonly freshness?: string;
}

export const isAgeing = (actions: readonly Ageing[]): boolean =>
  actions.some(({ freshness }) => freshness !== undefined);

/** The last moment that a `Date` can be. */
const END_OF_TIME = 8.64e15;

/** Among equal actions, the one that needs the freshest result decides. Without a known time nothing is fresh. */
export function freshSince(actions: readonly Ageing[], digests: readonly string[], now = END_OF_TIME): FreshSince {
  const since = new Map<string, number>();
  for (const [node, { freshness }] of actions.entries()) {
    if (freshness === undefined) continue;
    const digest = digests[node]!;
    since.set(digest, Math.max(since.get(digest) ?? 0, now - parseDuration(freshness)));
  }
  return since;
}

/** Returns the first entry of an image's history that ran too long ago. */
export function staleEntry({ manifest }: KnownImage, since: FreshSince): RanAction | undefined {
  if (since.size === 0) return undefined;
  return manifest.history.find(
    ({ digest, ranAt }) => since.has(digest) && !(Date.parse(ranAt ?? '') >= since.get(digest)!),
  );
}
