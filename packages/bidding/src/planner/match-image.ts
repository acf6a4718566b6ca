/**
 * The four tests that decide whether a golden image can become the machine asked for: machine, subset, prefix,
 * partial order. Pure: manifests in, verdicts out; no file is touched.
 */
import { type DagIndex, type HistoryTest, type Match, type Mismatch, matchHistory } from '@vmgrid/dag';
import type { MachineSpec } from '@vmgrid/protocol';
import type { KnownImage } from '../known-image.ts';
import { type LineReports, machineFault, restoreFault, type Way, waysToStart } from './ways-to-start.ts';

/** An image that passed, and the ways it can be started for this request. */
export interface Candidate {
  readonly kind: 'candidate';
  readonly image: KnownImage;
  readonly match: Match;
  readonly ways: readonly Way[];
  /** Why it cannot be restored, when it can only be booted. */
  readonly whyNotRestore?: string;
}

/** An image that failed, with its first failed test. */
export type Miss =
  | { readonly kind: 'miss'; readonly imageId: string; readonly test: 'machine'; readonly reason: string }
  | {
      readonly kind: 'miss';
      readonly imageId: string;
      readonly test: HistoryTest;
      readonly mismatch: Mismatch;
    };

export function matchImage(
  machine: MachineSpec,
  dag: DagIndex,
  image: KnownImage,
  lines: LineReports,
): Candidate | Miss {
  const { manifest } = image;
  const reason = machineFault(machine, image, lines);
  if (reason !== undefined) return { kind: 'miss', imageId: manifest.id, test: 'machine', reason };
  const match = matchHistory(
    dag,
    manifest.history.map((entry) => entry.digest),
  );
  if (!match.matches) return { kind: 'miss', imageId: manifest.id, test: match.test, mismatch: match };
  const ways = waysToStart(machine, image, lines);
  if (ways.some(({ start }) => start === 'restore')) return { kind: 'candidate', image, match, ways };
  const whyNotRestore = restoreFault(machine, image, lines.get(machine.line ?? manifest.line));
  return { kind: 'candidate', image, match, ways, ...(whyNotRestore === undefined ? {} : { whyNotRestore }) };
}
