/**
 * The Production Process Planner: among the images that match, the start and the remaining actions that are expected
 * to have the machine ready soonest. Pure; plans are data that can be printed, stored and compared.
 */
import { type Action, type Dag, digestAction, linearExtension, prepareDag } from '@vmgrid/dag';
import type { LineName, MachineSpec, PlanSummary } from '@vmgrid/protocol';
import { type Durations, durationKey } from '../durations.ts';
import type { GoldenImage } from '../warehouse/manifest.ts';
import { type Candidate, type LineReports, type Miss, matchImage, type Start } from './match-image.ts';

/** Seconds assumed for what has never been measured. */
export const ASSUMED_SECONDS = {
  restore: 0.5,
  boot: 15,
  script: 2,
  file: 0.2,
  package: 30,
  host: 1,
} as const;

export interface Plan {
  readonly image: GoldenImage;
  readonly line: LineName;
  readonly start: Start;
  /** Ids of the request's actions that the image's history stands for, in the order they ran. */
  readonly cached: readonly string[];
  /** Actions to run, in a linear extension of the DAG. */
  readonly remaining: readonly Action[];
  readonly startSeconds: number;
  readonly expectedSeconds: number;
}

export interface Planning {
  /** Soonest ready first; ties by image id, so that the same warehouse gives the same plan. */
  readonly plans: readonly Plan[];
  readonly misses: readonly Miss[];
}

/** Plans for one machine description against all images. */
export function planMachine(
  request: { readonly machine: MachineSpec; readonly dag: Dag },
  images: Iterable<GoldenImage>,
  lines: LineReports,
  durations: Durations,
): Planning {
  const dag = prepareDag(request.dag);
  const plans: Plan[] = [];
  const misses: Miss[] = [];
  for (const image of images) {
    const verdict = matchImage(request.machine, dag, image, lines);
    if (verdict.kind === 'miss') misses.push(verdict);
    else plans.push(...plansFor(verdict, request.dag, durations));
  }
  plans.sort((a, b) => a.expectedSeconds - b.expectedSeconds || compareText(a.image.manifest.id, b.image.manifest.id));
  return { plans, misses };
}

function plansFor({ image, match, starts }: Candidate, dag: Dag, durations: Durations): readonly Plan[] {
  const remaining = linearExtension(dag, match.remaining);
  const workSeconds = remaining.reduce((sum, action) => sum + actionSeconds(action, durations), 0);
  return starts.map((start) => {
    const startSeconds = secondsToStart(start, image, durations);
    return {
      image,
      line: image.manifest.line,
      start,
      cached: match.matched,
      remaining,
      startSeconds,
      expectedSeconds: startSeconds + workSeconds,
    };
  });
}

function secondsToStart(start: Start, { manifest }: GoldenImage, durations: Durations): number {
  const learnt = durations.expect(durationKey.start(start, manifest.id), durationKey.startOfLine(start, manifest.line));
  return learnt ?? ASSUMED_SECONDS[start];
}

function actionSeconds(action: Action, durations: Durations): number {
  return durations.expect(durationKey.action(digestAction(action))) ?? ASSUMED_SECONDS[action.kind];
}

/** A plan in numbers, as a bid carries it. */
export function summarizePlan(plan: Plan): PlanSummary {
  return {
    imageId: plan.image.manifest.id,
    line: plan.line,
    start: plan.start,
    actionsCached: plan.cached.length,
    actionsLeft: plan.remaining.length,
    expectedSeconds: Math.round(plan.expectedSeconds * 1000) / 1000,
  };
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
