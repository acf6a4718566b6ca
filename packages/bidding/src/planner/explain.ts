/**
 * Explains a plan: the verdict on every image, the choice with its reason, and the nearest misses. Pure, and linear in
 * the images: it is for people, not for bids. It yields after each image, so that other work can run between.
 */
import { type Dag, type DagIndex, identityReads, linearExtension, prepareDag, splitReusable } from '@vmgrid/dag';
import type {
  ExplainedCandidate,
  ExplainedChoice,
  ExplainedMiss,
  ExplainedStart,
  MachineSpec,
  PlantExplanation,
} from '@vmgrid/protocol';
import type { Durations } from '../durations.ts';
import type { KnownImage } from '../known-image.ts';
import type { Miss } from './match-image.ts';
import { Nearest } from './nearest.ts';
import { compareOptions, type Option } from './options.ts';
import type { TimedRequest } from './plan.ts';
import type { PlanBasis } from './plan-basis.ts';
import { Prices } from './prices.ts';
import { type Relaxation, relaxRequest, relaxRestore } from './relax.ts';
import { type SurveyedOption, surveyor } from './survey.ts';
import { type LineReports, restoreFault } from './ways-to-start.ts';

export type Explanation = Omit<PlantExplanation, 'plantId'>;

/** For this many misses per wanted one, those that look nearest, the changes are worked out. */
const RELAXED_PER_WANTED = 5;

const TESTS = ['machine', 'subset', 'prefix', 'partial-order', 'freshness'] as const;

/** `top`: how many candidates and misses are named. All are counted. */
export function* explainRequest(
  request: TimedRequest,
  { images, lines, durations }: PlanBasis<Iterable<KnownImage>>,
  { top }: { readonly top: number },
): Generator<void, Explanation> {
  const look = surveyor(request, lines, durations);
  const candidates = new Nearest<readonly SurveyedOption[]>(Math.max(top, 2), (a, b) => compareOptions(a[0]!, b[0]!));
  const misses: MissedImage[] = [];
  let count = 0;
  for (const image of images) {
    const verdict = look(image);
    if (verdict.kind === 'miss') misses.push({ miss: verdict, image });
    else candidates.add(verdict.options);
    count += 1;
    yield;
  }
  const [best, second] = candidates.items;
  const [chosen, ...others] = [...(best ?? []), ...(second ?? [])].sort(compareOptions);
  const explainer = new MissExplainer(request, lines, durations);
  return {
    images: count,
    perMachine: [...splitReusable(request.dag).own],
    warnings: [...identityReads(request.dag)],
    ...(chosen
      ? { chosen: choiceOf(chosen, { next: others[0], dag: request.dag, isCoarse: explainer.isCoarse }) }
      : {}),
    candidates: {
      count: count - misses.length,
      nearest: candidates.items.slice(0, top).map((starts) => candidateOf(starts, request.machine)),
    },
    misses: {
      counts: TESTS.map((test) => ({ test, count: misses.filter(({ miss }) => miss.test === test).length })),
      nearest: yield* explainer.nearest(misses, chosen, top),
    },
  };
}

interface ChoiceContext {
  readonly next: SurveyedOption | undefined;
  readonly dag: Dag;
  readonly isCoarse: boolean;
}

function choiceOf(chosen: SurveyedOption, { next, dag, isCoarse }: ChoiceContext): ExplainedChoice {
  const { image, line, start, match } = chosen;
  const remaining = linearExtension(dag, match.remaining).map(({ id }) => id);
  return {
    imageId: image.manifest.id,
    ...startOf(chosen),
    ...{ line, start },
    cached: [...match.matched],
    remaining,
    why: `${whyChosen(chosen, next, remaining.length)}${isCoarse ? COARSE : ''}`,
  };
}

const COARSE = '; actions that are not known, or no longer, are expected to take what their kind takes';

function whyChosen(chosen: Option, next: Option | undefined, left: number): string {
  const work = chosen.expectedMicros - chosen.startMicros;
  const sum = `${inSeconds(chosen.startMicros)} s to ${chosen.start} and ${inSeconds(work)} s for ${left} ${left === 1 ? 'action' : 'actions'}`;
  if (!next) return `${sum}; there is nothing else to start from`;
  const later = inSeconds(next.expectedMicros - chosen.expectedMicros);
  return `${sum}; the next best, to ${next.start} ${next.image.manifest.id}, is expected to take ${later} s longer`;
}

function candidateOf(starts: readonly SurveyedOption[], machine: MachineSpec): ExplainedCandidate {
  const { image, match, whyNotRestore, whyNotBoot } = starts[0]!;
  const toRestore = relaxRestore(machine, image);
  return {
    imageId: image.manifest.id,
    actionsCached: match.matched.length,
    actionsLeft: match.remaining.length,
    starts: starts.map(startOf),
    ...(whyNotRestore === undefined ? {} : { whyNotRestore }),
    ...(whyNotBoot === undefined ? {} : { whyNotBoot }),
    ...(toRestore.length === 0 ? {} : { toRestore: [...toRestore] }),
  };
}

const startOf = ({ line, start, startMicros, expectedMicros }: Option): ExplainedStart => ({
  ...{ line, start },
  startSeconds: inSeconds(startMicros),
  expectedSeconds: inSeconds(expectedMicros),
});

interface MissedImage {
  readonly miss: Miss;
  readonly image: KnownImage;
}

/** A miss with those properties that are quickly known. */
interface Sketch extends MissedImage {
  readonly shared: number;
  readonly expectedMicros: number;
}

class MissExplainer {
  readonly #machine: MachineSpec;
  readonly #dag: DagIndex;
  readonly #prices: Prices;
  readonly #lines: LineReports;

  constructor({ machine, dag }: TimedRequest, lines: LineReports, durations: Durations) {
    this.#machine = machine;
    this.#dag = prepareDag(dag);
    this.#prices = new Prices(dag, this.#dag, durations);
    this.#lines = lines;
  }

  get isCoarse(): boolean {
    return this.#prices.isCoarse;
  }

  /**
   * Yields the nearest misses: first those that would have been faster than the choice, then those that need fewer
   * changes, then those that would have been ready sooner.
   */
  *nearest(misses: readonly MissedImage[], chosen: Option | undefined, top: number): Generator<void, ExplainedMiss[]> {
    const limit = chosen?.expectedMicros ?? Number.POSITIVE_INFINITY;
    const isLater = ({ expectedMicros }: Sketch): number => Number(expectedMicros >= limit);
    const sketches = new Nearest<Sketch>(
      top * RELAXED_PER_WANTED,
      (a, b) => isLater(a) - isLater(b) || strangers(a) - strangers(b) || a.expectedMicros - b.expectedMicros,
    );
    for (const missed of misses) {
      sketches.add(this.#sketch(missed));
      yield;
    }
    const explained: { readonly sketch: Sketch; readonly explained: ExplainedMiss }[] = [];
    for (const sketch of sketches.items) {
      explained.push({ sketch, explained: this.#explain(sketch) });
      yield;
    }
    return explained
      .sort(
        (a, b) =>
          isLater(a.sketch) - isLater(b.sketch) ||
          Number(b.explained.suffices) - Number(a.explained.suffices) ||
          a.explained.changes.length - b.explained.changes.length ||
          a.sketch.expectedMicros - b.sketch.expectedMicros,
      )
      .slice(0, top)
      .map(({ explained }) => explained);
  }

  #sketch({ miss, image }: MissedImage): Sketch {
    const { shared, worth } = this.#shared(image);
    const { line } = image.manifest;
    const canRestore = restoreFault(this.#machine, image, this.#lines.get(line)) === undefined;
    const starts = canRestore ? (['restore', 'boot'] as const) : (['boot'] as const);
    const startMicros = Math.min(...starts.map((start) => this.#prices.start({ line, start }, image)));
    return { miss, image, shared, expectedMicros: startMicros + this.#prices.ofAll - worth };
  }

  /** Returns how many entries of a history the request has, and how much time they would save. */
  #shared({ manifest }: KnownImage): { readonly shared: number; readonly worth: number } {
    const { groupOfDigest, members } = this.#dag;
    const groups: number[] = [];
    for (const { digest } of manifest.history) {
      const group = groupOfDigest.get(digest);
      if (group !== undefined && occurrences(groups, group) < members[group]!.length) groups.push(group);
    }
    return { shared: groups.length, worth: groups.reduce((sum, group) => sum + this.#prices.ofGroup[group]!, 0) };
  }

  #explain({ miss, image, shared, expectedMicros }: Sketch): ExplainedMiss {
    const { changes, suffices } =
      miss.test === 'freshness'
        ? NO_RELAXATION // only another image, or a request that takes an older one
        : relaxRequest({ machine: this.#machine, dag: this.#dag }, image, this.#lines);
    return {
      imageId: miss.imageId,
      test: miss.test,
      ...this.#reasonOf(miss, image),
      actionsShared: shared,
      expectedSeconds: inSeconds(expectedMicros),
      changes: [...changes],
      suffices,
    };
  }

  #reasonOf(miss: Miss, image: KnownImage): Pick<ExplainedMiss, 'reason' | 'offender'> {
    if ('reason' in miss) return { reason: miss.reason };
    const { decided, offender } = miss.mismatch;
    const action = image.manifest.history[offender.position]!.id;
    const reason = historyReason(miss.test, action, offender.missing);
    return { reason: decided ? reason : `${reason} (as far as was searched)`, offender: { action, ...offender } };
  }
}

function historyReason(test: 'subset' | 'prefix' | 'partial-order', action: string, missing = 'something'): string {
  switch (test) {
    case 'subset':
      return `${action} ran in the image and is not wanted, not so often, or runs for each machine`;
    case 'prefix':
      return `${action} ran in the image, and ${missing}, which comes before it, did not`;
    case 'partial-order':
      return `${action} ran in the image before ${missing}, which comes before it`;
    default:
      return test satisfies never;
  }
}

const NO_RELAXATION: Relaxation = { changes: [], suffices: false };

const occurrences = (values: readonly number[], wanted: number): number =>
  values.reduce((count, value) => (value === wanted ? count + 1 : count), 0);

/** Counts the entries that the request lacks. Each needs a change at least. */
const strangers = ({ image, shared }: Sketch): number => image.manifest.history.length - shared;

/** Converts microseconds to seconds, to the millisecond. */
const inSeconds = (micros: number): number => Math.round(micros / 1000) / 1000;
