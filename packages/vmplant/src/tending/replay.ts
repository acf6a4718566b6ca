/**
 * Plans recorded requests again, with the planner that planned them, against any set of images. Pure.
 *
 * One more image never makes a request wait longer, because the planner takes the fastest. If that image has a history
 * it never turns a hit into a miss: either the choice is the same as before, or it is the new image, which then saves
 * something.
 */
import { type ImageIndex, type LineReports, nearestOptions, type Option } from '@vmgrid/bidding';
import type { RequestCase } from './request-case.ts';

export interface ReplaySummary {
  /** Requests that some image can serve. */
  readonly requests: number;
  /** Requests whose image spares them at least one action. */
  readonly hits: number;
  /** Mean expected time from the start of the machine until it is ready; 0 without requests. */
  readonly meanSeconds: number;
}

/** Plans each case, one for each step; undefined when no image can become the machine. */
export function* replayCases(
  cases: readonly RequestCase[],
  images: ImageIndex,
  lines: LineReports,
): Generator<void, readonly (Option | undefined)[]> {
  const options: (Option | undefined)[] = [];
  for (const one of cases) {
    options.push(nearestOptions(one, { images, lines }, 2)[0]);
    yield;
  }
  return options;
}

/** Summarizes the replay; each case counts as often as it came. */
export function summarizeReplay(
  cases: readonly RequestCase[],
  options: readonly (Option | undefined)[],
): ReplaySummary {
  let [requests, hits, micros] = [0, 0, 0];
  for (const [at, { count }] of cases.entries()) {
    const option = options[at];
    if (!option) continue;
    requests += count;
    if (option.image.manifest.history.length > 0) hits += count;
    micros += count * option.expectedMicros;
  }
  return { requests, hits, meanSeconds: requests === 0 ? 0 : micros / requests / 1_000_000 };
}
