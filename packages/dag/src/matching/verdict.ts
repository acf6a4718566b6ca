import type { DagIndex } from '../prepare.ts';

/** The tests of a history, in the order in which they are made. */
export type HistoryTest = 'subset' | 'prefix' | 'partial-order';

/** The history can be the beginning of this request. */
export interface Match {
  readonly matches: true;
  /** Ids of the actions that have run already, in the order of the history. */
  readonly matched: readonly string[];
  /** Ids of the actions that are left, in the order of the request. */
  readonly remaining: readonly string[];
}

/**
 * The entry of the history at which the first failed test fails.
 *
 * - subset: the first entry that the request does not have, or not so often.
 * - prefix: the first entry that no choice closed under predecessors can hold together with the entries before it;
 *   `missing` is the nearest action before it that the history lacks.
 * - partial-order: the first entry that cannot run after the entries before it, however equal actions are assigned;
 *   `missing` is an action that should have run before it and had not.
 */
export interface Offender {
  readonly digest: string;
  /** Index into the history. */
  readonly position: number;
  /** Id of an action of the request. */
  readonly missing?: string;
}

export interface Mismatch {
  readonly matches: false;
  /** The first test that failed. */
  readonly test: HistoryTest;
  readonly offender: Offender;
  /** False when the search among equal actions reached its limit: the history might match after all. */
  readonly decided: boolean;
}

export type Verdict = Match | Mismatch;

export interface FailedTest {
  readonly test: HistoryTest;
  /** The node that the entry would be. */
  readonly node: number;
  /** The entry's place in the history. */
  readonly position: number;
  /** The node that is not there. */
  readonly missing: number | undefined;
  /** Left out: the search reached its end. */
  readonly decided?: boolean;
}

/** Describes the failure of a test at an entry. */
export function mismatch(index: DagIndex, { test, node, position, missing, decided = true }: FailedTest): Mismatch {
  const offender = { digest: index.digests[node]!, position };
  const named = missing === undefined ? offender : { ...offender, missing: index.ids[missing]! };
  return { matches: false, test, offender: named, decided };
}
