/**
 * Expected durations of starts and actions for one request, in whole microseconds: so sums do not depend on their
 * order, and the same work always has the same price.
 */
import type { Action, DagIndex } from '@vmgrid/dag';
import { type Durations, durationKey } from '../durations.ts';
import type { KnownImage } from '../known-image.ts';
import type { Start, Way } from './ways-to-start.ts';

/** Seconds that are assumed when nothing was measured. */
export const ASSUMED_SECONDS = {
  restore: 0.5,
  boot: 15,
  script: 2,
  file: 0.2,
  package: 30,
  host: 1,
} as const;

export class Prices {
  /** The price of one action of each group of equal actions. */
  readonly ofGroup: Float64Array;
  /** The price of all actions of the request. */
  readonly ofAll: number;
  /** Some action is priced by its kind, although its own duration may have been known once. */
  readonly isCoarse: boolean;
  readonly #durations: Durations;

  constructor(
    dag: { readonly actions: readonly Pick<Action, 'kind'>[] },
    { digests, groupOf, members }: DagIndex,
    durations: Durations,
  ) {
    this.#durations = durations;
    let areKnown = true;
    this.ofGroup = Float64Array.from(members, ([node]) => {
      const { kind } = dag.actions[node!]!;
      const learnt = durations.expect(durationKey.action(digests[node!]!));
      areKnown &&= learnt !== undefined;
      return microseconds(learnt ?? durations.expect(durationKey.kind(kind)) ?? ASSUMED_SECONDS[kind]);
    });
    this.isCoarse = durations.isCoarse === true && !areKnown;
    this.ofAll = groupOf.reduce((sum, group) => sum + this.ofGroup[group]!, 0);
  }

  start({ line, start }: Way, { manifest }: KnownImage): number {
    const keys = [durationKey.start(start, line, manifest.id), durationKey.startOfLine(start, line)];
    const learnt = this.#durations.expect(...keys);
    return microseconds(learnt ?? ASSUMED_SECONDS[start]);
  }

  /** Returns a time that no image's start is below. */
  leastStart(start: Start): number {
    return microseconds(Math.min(this.#durations.least(start) ?? ASSUMED_SECONDS[start], ASSUMED_SECONDS[start]));
  }
}

const microseconds = (seconds: number): number => Math.round(seconds * 1_000_000);
