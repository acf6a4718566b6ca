/**
 * Looks at every image with all four tests: what a bid has no time for, and an explanation wants to know. Linear in the
 * images, and the measure of what the index finds (`nearest-options.ts`).
 */
import { type Dag, type Match, prepareDag } from '@vmgrid/dag';
import type { MachineSpec } from '@vmgrid/protocol';
import type { Durations } from '../durations.ts';
import type { KnownImage } from '../known-image.ts';
import { type LineReports, type Miss, matchImage } from './match-image.ts';
import { optionOf } from './nearest-options.ts';
import { compareOptions, type Option } from './options.ts';
import { Prices } from './prices.ts';

/** A way to begin that passed the tests. */
export interface SurveyedOption extends Option {
  readonly match: Match;
  /** Why its image cannot be restored, when it can only be booted. */
  readonly whyNotRestore?: string;
}

export interface Survey {
  /** Every start of every image that matches, soonest ready first. */
  readonly options: readonly SurveyedOption[];
  readonly misses: readonly Miss[];
}

export function surveyImages(
  request: { readonly machine: MachineSpec; readonly dag: Dag },
  images: Iterable<KnownImage>,
  lines: LineReports,
  durations: Durations,
): Survey {
  const dag = prepareDag(request.dag);
  const prices = new Prices(request.dag, dag, durations);
  const options: SurveyedOption[] = [];
  const misses: Miss[] = [];
  for (const image of images) {
    const verdict = matchImage(request.machine, dag, image, lines);
    if (verdict.kind === 'miss') {
      misses.push(verdict);
      continue;
    }
    const { kind: _, starts, ...candidate } = verdict;
    const cached = image.manifest.history.reduce(
      (sum, { digest }) => sum + prices.ofGroup[dag.groupOfDigest.get(digest)!]!,
      0,
    );
    for (const start of starts)
      options.push({ ...candidate, ...optionOf(image, start, prices, prices.ofAll - cached) });
  }
  return { options: options.sort(compareOptions), misses };
}
