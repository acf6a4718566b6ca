/**
 * The Production Process Planner: among the images that match, it chooses the line, the start and the remaining actions
 * that should make the machine ready soonest. Pure; plans are data that can be printed, stored and compared.
 */
import { type Action, type Dag, linearExtension, type Match, matchHistory, prepareDag } from '@vmgrid/dag';
import type { LineName, MachineSpec, PlanAlternative, PlanSummary } from '@vmgrid/protocol';
import type { KnownImage } from '../known-image.ts';
import { freshSince } from './freshness.ts';
import type { ImageIndex } from './image-index.ts';
import { nearestOptions } from './nearest-options.ts';
import type { Option } from './options.ts';
import type { PlanBasis } from './plan-basis.ts';
import { Prices } from './prices.ts';
import type { Start } from './ways-to-start.ts';

/** Options that were not chosen and that a plan names. */
const ALTERNATIVES = 3;

/** Options that a plan needs. */
export const OPTIONS_OF_A_PLAN = 1 + ALTERNATIVES;

export interface Plan {
  readonly image: KnownImage;
  readonly line: LineName;
  readonly start: Start;
  /** Ids of the request's actions that the image's history stands for, in the order in which they ran. */
  readonly cached: readonly string[];
  /** Actions to run, in a linear extension of the DAG. */
  readonly remaining: readonly Action[];
  readonly startSeconds: number;
  readonly expectedSeconds: number;
  /** As in `Prices`. */
  readonly isCoarse: boolean;
  /** Images for which the search did not find out in time whether they match. */
  readonly undecided: number;
  /** The next best options, the fastest first, among them the best with the other start if there is one. */
  readonly alternatives: readonly Option[];
}

export interface TimedRequest {
  readonly machine: MachineSpec;
  readonly dag: Dag;
  /** Milliseconds since the epoch. Left out, no result is fresh. */
  readonly now?: number;
}

/**
 * Returns the plan for a machine; undefined when no image can become it. The time depends on how many beginnings of
 * histories match, not on the number of images (see `image-index.ts`).
 */
export function planMachine(
  request: TimedRequest,
  { images, lines, durations }: PlanBasis<ImageIndex>,
): Plan | undefined {
  const dag = prepareDag(request.dag);
  const prices = new Prices(request.dag, dag, durations);
  const fresh = freshSince(request.dag.actions, dag.digests, request.now);
  let undecided = 0;
  const gaveUp = (images: number) => {
    undecided += images;
  };
  const prepared = { machine: request.machine, dag, prices, fresh, gaveUp };
  const [chosen, ...alternatives] = nearestOptions(prepared, { images, lines }, OPTIONS_OF_A_PLAN);
  if (!chosen) return undefined;
  const match = matchHistory(
    dag,
    chosen.image.manifest.history.map(({ digest }) => digest),
  );
  if (!match.matches) throw new Error(`the index chose ${chosen.image.manifest.id}, which does not match`);
  return { ...planOf(chosen, match, request.dag), alternatives, isCoarse: prices.isCoarse, undecided };
}

function planOf(chosen: Option, match: Match, dag: Dag): Omit<Plan, 'alternatives' | 'isCoarse' | 'undecided'> {
  return {
    image: chosen.image,
    line: chosen.line,
    start: chosen.start,
    cached: match.matched,
    remaining: linearExtension(dag, match.remaining),
    startSeconds: chosen.startMicros / MICROS,
    expectedSeconds: chosen.expectedMicros / MICROS,
  };
}

const MICROS = 1_000_000;

/** Summarizes a plan in numbers, as a bid carries it. */
export function summarizePlan(plan: Plan): PlanSummary {
  const chosen = {
    ...plan,
    startMicros: Math.round(plan.startSeconds * MICROS),
    expectedMicros: Math.round(plan.expectedSeconds * MICROS),
  };
  const { cached, remaining, alternatives, isCoarse, undecided } = plan;
  const actions = cached.length + remaining.length;
  return summarizeOptions([chosen, ...alternatives], { actions, isCoarse, undecided })!;
}

/** Summarizes options, the best first, for a request with so many actions. Undefined when there are none. */
export function summarizeOptions(
  [chosen, ...alternatives]: readonly Option[],
  { actions, isCoarse, undecided }: Pick<Plan, 'isCoarse' | 'undecided'> & { readonly actions: number },
): PlanSummary | undefined {
  if (!chosen) return undefined;
  return {
    ...summarizeOption(chosen),
    actionsLeft: actions - chosen.image.manifest.history.length,
    ...(isCoarse && { coarse: true as const }),
    ...(undecided > 0 && { undecided }),
    ...(alternatives.length === 0 ? {} : { alternatives: alternatives.map(summarizeOption) }),
  };
}

const summarizeOption = ({ image, line, start, expectedMicros }: Option): PlanAlternative => ({
  imageId: image.manifest.id,
  line,
  start,
  actionsCached: image.manifest.history.length,
  expectedSeconds: inMilliseconds(expectedMicros / MICROS),
});

const inMilliseconds = (seconds: number): number => Math.round(seconds * 1000) / 1000;
