/**
 * Applies all four tests to every image. A bid has no time for that, but an explanation needs it. Linear in the images;
 * tests compare the index with it (`nearest-options.ts`).
 */
import { type Match, prepareDag } from '@vmgrid/dag';
import type { Durations } from '../durations.ts';
import type { KnownImage } from '../known-image.ts';
import { freshSince } from './freshness.ts';
import { type Miss, matchImage } from './match-image.ts';
import { optionOf } from './nearest-options.ts';
import { compareOptions, type Option } from './options.ts';
import type { TimedRequest } from './plan.ts';
import type { PlanBasis } from './plan-basis.ts';
import { Prices } from './prices.ts';
import type { LineReports } from './ways-to-start.ts';

/** A way to begin that passed the tests. */
export interface SurveyedOption extends Option {
  readonly match: Match;
  /** Why the image can only be booted, not restored. */
  readonly whyNotRestore?: string;
  /** Why the image can only be restored, not booted. */
  readonly whyNotBoot?: string;
}

export interface Survey {
  /** Every way to start every matching image, the fastest first. */
  readonly options: readonly SurveyedOption[];
  readonly misses: readonly Miss[];
}

export function surveyImages(
  request: TimedRequest,
  { images, lines, durations }: PlanBasis<Iterable<KnownImage>>,
): Survey {
  const look = surveyor(request, lines, durations);
  const verdicts = [...images].map(look);
  return {
    options: verdicts.flatMap((verdict) => (verdict.kind === 'options' ? verdict.options : [])).sort(compareOptions),
    misses: verdicts.filter((verdict) => verdict.kind === 'miss'),
  };
}

/** The result for one image: the ways to begin with it, the fastest first, or the reason why there is none. */
export type SurveyedImage = { readonly kind: 'options'; readonly options: readonly SurveyedOption[] } | Miss;

/** Makes the function that examines one image after another. */
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
    const options = ways.map((way) => ({ ...candidate, ...optionOf(image, way, { prices, work: left }) }));
    return { kind: 'options', options: options.sort(compareOptions) };
  };
}
