/**
 * What starts and actions are expected to take, for one request. In whole microseconds: sums then do not depend on
 * their order, and the same work always has the same price.
 */
import type { Action, DagIndex } from '@vmgrid/dag';
import { type Durations, durationKey } from '../durations.ts';
import type { KnownImage } from '../known-image.ts';
import type { Start, Way } from './ways-to-start.ts';

/** Seconds assumed for what has never been measured. */
export const ASSUMED_SECONDS = {
  restore: 0.5,
  boot: 15,
  script: 2,
  file: 0.2,
  package: 30,
  host: 1,
} as const;

export class Prices {
  /** One action of each group of equal actions. */
  readonly ofGroup: Float64Array;
  /** All actions of the request. */
  readonly ofAll: number;
  /** An action is priced by its kind, and may have been known once. */
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

  /** No image starts in less. */
  leastStart(start: Start): number {
    return microseconds(Math.min(this.#durations.least(start) ?? ASSUMED_SECONDS[start], ASSUMED_SECONDS[start]));
  }
}

const microseconds = (seconds: number): number => Math.round(seconds * 1_000_000);
