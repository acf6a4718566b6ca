/**
 * Looks at every image with all four tests: what a bid has no time for, and an explanation wants to know. Linear in the
 * images, and the measure of what the index finds (`nearest-options.ts`).
 */
import { type Dag, type Match, prepareDag } from '@vmgrid/dag';
import type { MachineSpec } from '@vmgrid/protocol';
import type { Durations } from '../durations.ts';
import type { KnownImage } from '../known-image.ts';
import { type Miss, matchImage } from './match-image.ts';
import { optionOf } from './nearest-options.ts';
import { compareOptions, type Option } from './options.ts';
import { Prices } from './prices.ts';
import type { LineReports } from './ways-to-start.ts';

/** A way to begin that passed the tests. */
export interface SurveyedOption extends Option {
  readonly match: Match;
  /** Why its image cannot be restored, when it can only be booted. */
  readonly whyNotRestore?: string;
}

export interface Survey {
  /** Every way to start every image that matches, soonest ready first. */
  readonly options: readonly SurveyedOption[];
  readonly misses: readonly Miss[];
}

export function surveyImages(
  request: { readonly machine: MachineSpec; readonly dag: Dag },
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
  request: { readonly machine: MachineSpec; readonly dag: Dag },
  lines: LineReports,
  durations: Durations,
): (image: KnownImage) => SurveyedImage {
  const dag = prepareDag(request.dag);
  const prices = new Prices(request.dag, dag, durations);
  return (image) => {
    const verdict = matchImage(request.machine, dag, image, lines);
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
