/**
 * The tests that decide whether a golden image can become the requested machine: machine, subset, prefix, partial
 * order, and freshness if the request asks for it. Pure: manifests in, verdicts out; no file is touched.
 */
import { type HistoryTest, type Match, type Mismatch, matchHistory } from '@vmgrid/dag';
import type { KnownImage } from '../known-image.ts';
import { staleEntry } from './freshness.ts';
import { NEVER_STALE, type PreparedRequest } from './nearest-options.ts';
import { bootFault, type LineReports, machineFault, restoreFault, type Way, waysToStart } from './ways-to-start.ts';

/** An image that passed the tests, and the ways to start it for this request. */
export interface Candidate {
  readonly kind: 'candidate';
  readonly image: KnownImage;
  readonly match: Match;
  readonly ways: readonly Way[];
  /** Why it can only be booted, not restored, or the reverse. */
  readonly whyNotRestore?: string;
  readonly whyNotBoot?: string;
}

/** An image that failed, with the first test that it failed. */
export type Miss =
  | {
      readonly kind: 'miss';
      readonly imageId: string;
      readonly test: 'machine' | 'freshness';
      readonly reason: string;
    }
  | {
      readonly kind: 'miss';
      readonly imageId: string;
      readonly test: HistoryTest;
      readonly mismatch: Mismatch;
    };

export function matchImage(
  { machine, dag, fresh = NEVER_STALE }: Omit<PreparedRequest, 'prices'>,
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
  const stale = staleEntry(image, fresh);
  if (stale !== undefined) {
    const since = new Date(fresh.get(stale.digest)!).toISOString();
    const reason = `${stale.id} ran ${stale.ranAt ?? 'at an unknown time'}, and the request wants it no older than ${since}`;
    return { kind: 'miss', imageId: manifest.id, test: 'freshness', reason };
  }
  const ways = waysToStart(machine, image, lines);
  const restores = ways.some(({ start }) => start === 'restore');
  const whyNotRestore = restores ? undefined : restoreFault(machine, image, lines.get(machine.line ?? manifest.line));
  const whyNotBoot = bootFault(image);
  return {
    ...{ kind: 'candidate', image, match, ways },
    ...(whyNotRestore === undefined ? {} : { whyNotRestore }),
    ...(whyNotBoot === undefined ? {} : { whyNotBoot }),
  };
}
