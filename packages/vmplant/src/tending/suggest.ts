/**
 * Finds the images that would have saved the recorded requests the most time per byte. Pure: existing images and
 * requests in, suggestions out. It makes candidates × cases matches, both within `SUGGEST_LIMITS`.
 */
import {
  compareOptions,
  type ImageIndex,
  type KnownImage,
  type LineReports,
  matchImage,
  type Option,
  optionOf,
} from '@vmgrid/bidding';
import type { LineName, MachineSpec } from '@vmgrid/protocol';
import { candidatePrefixes } from './candidates.ts';
import type { ChoiceLimits, Choosable } from './choose.ts';
import { choose } from './improve.ts';
import { SUGGEST_LIMITS } from './limits.ts';
import { type Prefix, prefixOf } from './prefix.ts';
import type { RecordedAction } from './recorded-request.ts';
import { replayCases } from './replay.ts';
import { machineKey, type RequestCase } from './request-case.ts';
import type { SizeModel } from './size-model.ts';

export interface Suggestion {
  readonly machine: MachineSpec;
  readonly line: LineName;
  /** In the order in which to run them; the ids are those of one of the requests. */
  readonly actions: readonly RecordedAction[];
  /** The cases that would have been ready sooner with it. */
  readonly cases: readonly RequestCase[];
  /** Seconds saved for the recorded requests beyond what earlier suggestions save. */
  readonly savedSeconds: number;
  readonly bytes: number;
  /** The future image; it has no files. */
  readonly image: KnownImage;
}

export interface SuggestInput {
  readonly cases: readonly RequestCase[];
  readonly images: ImageIndex;
  readonly lines: LineReports;
  readonly sizes: SizeModel;
}

/** A case, with the planner's choice among the existing images. */
interface Begun {
  readonly one: RequestCase;
  readonly now: Option;
}

interface Candidate extends Choosable {
  readonly actions: readonly RecordedAction[];
  readonly image: KnownImage;
  readonly of: RequestCase;
}

/** Yields the best first, in steps, so that other work can run between them. */
export function* suggestImages(input: SuggestInput, limits: ChoiceLimits): Generator<void, readonly Suggestion[]> {
  const options = yield* replayCases(input.cases, input.images, input.lines);
  const begun = input.cases.flatMap((one, at) => (options[at] ? [{ one, now: options[at] }] : []));
  const kinds = Map.groupBy(begun, ({ one, now }) => `${machineKey(one.machine)} ${now.image.manifest.line}`);
  const share = Math.ceil(SUGGEST_LIMITS.candidates / Math.max(1, kinds.size));
  const candidates: Candidate[] = [];
  for (const alike of kinds.values()) candidates.push(...(yield* candidatesOf({ alike, begun, most: share }, input)));
  return (yield* choose(candidates, limits)).map(({ item, gain }) => suggestionOf(item, gain, begun));
}

/** Requests that an image could serve alike, among all requests. */
interface Kind {
  readonly alike: readonly Begun[];
  readonly begun: readonly Begun[];
  /** Candidates at most. */
  readonly most: number;
}

function* candidatesOf(
  { alike, begun, most }: Kind,
  { lines, sizes }: SuggestInput,
): Generator<void, readonly Candidate[]> {
  const { one, now } = alike[0]!;
  if (!lines.get(now.image.manifest.line)?.restores) return [];
  const actions = new Map(alike.flatMap(({ one }) => one.actions.map((action) => [action.digest, action] as const)));
  const beginnings: Prefix[] = [];
  for (const { one } of alike) {
    yield;
    beginnings.push(prefixOf(one));
  }
  const limits = { candidates: most, meets: SUGGEST_LIMITS.meets };
  const prefixes = yield* candidatePrefixes(beginnings, limits);
  const candidates: Candidate[] = [];
  for (const [at, prefix] of prefixes.entries()) {
    yield;
    const own = prefix.digests.map((digest) => actions.get(digest)!);
    const image = imageOf({ history: own, machine: one.machine, like: now.image, number: at }, lines);
    candidates.push({
      of: one,
      actions: own,
      image,
      bytes: sizes.bytesOf({ memoryMiB: one.machine.memoryMiB, ownActions: own.length }),
      savings: Float64Array.from(begun, (other) => savingOf(other, image, lines)),
    });
  }
  return candidates;
}

/**
 * Returns the microseconds that an image saves all requests of a case. A start that is merely expected to be faster
 * does not count: that expectation is the mean of its line, and the plant would build copies of existing images for
 * ever.
 */
function savingOf({ one, now }: Begun, image: KnownImage, lines: LineReports): number {
  // Most cases lack the last actions of most candidates. This check is faster than the first failed test.
  if (image.manifest.history.findLast(({ digest }) => !one.dag.groupOfDigest.has(digest))) return 0;
  const verdict = matchImage(one, image, lines);
  if (verdict.kind === 'miss') return 0;
  const spared = image.manifest.history.reduce(
    (sum, { digest }) => sum + one.prices.ofGroup[one.dag.groupOfDigest.get(digest)!]!,
    0,
  );
  const [then] = verdict.ways
    .map((way) => optionOf(image, way, { prices: one.prices, work: one.prices.ofAll - spared }))
    .sort(compareOptions);
  const isNearer = workLeft(then!) < workLeft(now) || (then!.start === 'restore' && now.start === 'boot');
  return isNearer ? one.count * Math.max(0, now.expectedMicros - then!.expectedMicros) : 0;
}

const workLeft = ({ expectedMicros, startMicros }: Option): number => expectedMicros - startMicros;

interface Imagined {
  readonly history: readonly RecordedAction[];
  readonly machine: MachineSpec;
  readonly like: KnownImage;
  /** Tells it from others. */
  readonly number: number;
}

/** Makes a suspended image like an existing one, with another history. */
function imageOf({ history, machine: asked, like, number }: Imagined, lines: LineReports): KnownImage {
  const { line: _, ...machine } = asked;
  const { line } = like.manifest;
  const manifest = {
    ...like.manifest,
    ...{ id: `suggested-${line}-${machine.memoryMiB}-${machine.cpus}-${machine.diskMiB}-${number}`, machine },
    history: history.map(({ digest, id }) => ({ digest, id, survivesBoot: true })),
    ...{ diskFormat: 'qcow2' as const, memory: {} },
    compatibility: lines.get(line)!.compatibility,
  };
  return { manifest };
}

function suggestionOf(
  { image, actions, of, bytes, savings }: Candidate,
  gain: number,
  begun: readonly Begun[],
): Suggestion {
  const { machine, line } = image.manifest;
  return {
    ...{ machine: of.machine.line ? { ...machine, line: of.machine.line } : machine, line, bytes, image },
    actions: actions.map(({ id, digest, kind }) => ({ id, digest, kind })),
    cases: begun.flatMap(({ one }, at) => (savings[at]! > 0 ? [one] : [])),
    savedSeconds: gain / 1_000_000,
  };
}
