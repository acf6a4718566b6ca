/**
 * Looks at every image with all four tests: what a bid has no time for, and an explanation wants to know. Linear in the
 * images, and the measure of what the index finds (`nearest-options.ts`).
 */
import { type Match, prepareDag } from '@vmgrid/dag';
import type { Durations } from '../durations.ts';
import type { KnownImage } from '../known-image.ts';
import { freshSince } from './freshness.ts';
import { type Miss, matchImage } from './match-image.ts';
import { optionOf } from './nearest-options.ts';
import { compareOptions, type Option } from './options.ts';
import type { TimedRequest } from './plan.ts';
import { Prices } from './prices.ts';
import type { LineReports } from './ways-to-start.ts';

/** A way to begin that passed the tests. */
export interface SurveyedOption extends Option {
  readonly match: Match;
  /** Why its image cannot be restored, when it can only be booted. */
  readonly whyNotRestore?: string;
  /** Why its image cannot be booted, when it can only be restored. */
  readonly whyNotBoot?: string;
}

export interface Survey {
  /** Every way to start every image that matches, soonest ready first. */
  readonly options: readonly SurveyedOption[];
  readonly misses: readonly Miss[];
}

export function surveyImages(
  request: TimedRequest,
  images: Iterable<KnownImage>,
  lines: LineReports,
  durations: Durations,
): Survey {
  const look = surveyor(request, lines, durations);
  const verdicts = [...images].map(look);
  return {
    options: verdicts.flatMap((verdict) => (verdict.kind === 'options' ? verdict.options : [])).sort(compareOptions),
    misses: verdicts.filter((verdict) => verdict.kind === 'miss'),
  };
}

/** What one image is to a request: the ways to begin with it, soonest ready first, or why there are none. */
export type SurveyedImage = { readonly kind: 'options'; readonly options: readonly SurveyedOption[] } | Miss;

/** Looks at one image after the other. */
export function surveyor(
  request: TimedRequest,
  lines: LineReports,
  durations: Durations,
): (image: KnownImage) => SurveyedImage {
  const dag = prepareDag(request.dag);
  const prices = new Prices(request.dag, dag, durations);
  const fresh = freshSince(request.dag.actions, dag.digests, request.now);
  return (image) => {
    const verdict = matchImage({ machine: request.machine, dag, fresh }, image, lines);
    if (verdict.kind === 'miss') return verdict;
    const { kind: _, ways, ...candidate } = verdict;
    const cached = image.manifest.history.reduce(
      (sum, { digest }) => sum + prices.ofGroup[dag.groupOfDigest.get(digest)!]!,
      0,
    );
    const left = prices.ofAll - cached;
    const options = ways.map((way) => ({ ...candidate, ...optionOf(image, way, prices, left) }));
    return { kind: 'options', options: options.sort(compareOptions) };
  };
}
