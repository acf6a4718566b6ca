/**
 * The images that `vmgrid images suggest` names, beside the best that there are within the same quota: on small
 * histories found among all sets of all histories that their requests allow, on large ones bounded from above. What
 * counts is the time that images save.
 */
import { type Durations, durationKey, ImageIndex, type KnownImage } from '@vmgrid/bidding';
import { toEnd } from '@vmgrid/test-support/jest/to-end.ts';
import { candidatePrefixes } from '../../packages/vmplant/src/tending/candidates.ts';
import { type Prefix, prefixOf } from '../../packages/vmplant/src/tending/prefix.ts';
import { replayCases } from '../../packages/vmplant/src/tending/replay.ts';
import { type RequestCase, requestCases } from '../../packages/vmplant/src/tending/request-case.ts';
import { SizeModel } from '../../packages/vmplant/src/tending/size-model.ts';
import { suggestImages } from '../../packages/vmplant/src/tending/suggest.ts';
import { base, digestOf, lines, suspended } from '../../packages/vmplant/test/tending/recorded-requests.ts';
import { seededRandom } from './fuzz/mutate.ts';
import { type History, largeHistory, smallHistory } from './hits/histories.ts';
import { type Choice, exhaustiveOptimum, upperBound } from './hits/optimum.ts';
import type { BenchSuite } from './suite.ts';

const SEED = 2004;
const COUNTS = { small: 200, large: 12, drifting: 12 } as const;
const MOST_IMAGES = 50;
/** Common beginnings of a large history; one that has more is not bounded but refused. */
const MOST_BEGINNINGS = 20_000;
const MIB = 1_048_576;

interface Outcome {
  readonly kind: History['kind'];
  /** Share of the time that images could save without a quota. */
  readonly hitRate: number;
  readonly optimum: number;
  readonly ratio: number;
}

interface HitsResult extends Omit<Outcome, 'kind'> {
  readonly histories: number;
  readonly worstRatio: number;
  readonly kinds: readonly (Outcome & { readonly histories: number; readonly worstRatio: number })[];
}

export const suite: BenchSuite<HitsResult> = {
  async run(say) {
    const random = seededRandom(SEED);
    const outcomes = (['small', 'large', 'drifting'] as const).flatMap((kind) => {
      say(`${COUNTS[kind]} histories: ${kind}`);
      return Array.from({ length: COUNTS[kind] }, () =>
        judge(kind === 'small' ? smallHistory(random) : largeHistory(random, kind === 'drifting')),
      ).filter((outcome) => outcome !== undefined);
    });
    const kinds = Map.groupBy(outcomes, ({ kind }) => kind);
    return { ...summary(outcomes), kinds: [...kinds].map(([kind, some]) => ({ kind, ...summary(some) })) };
  },
  describe: ({ kinds, ratio, worstRatio }) =>
    [
      ...kinds.map(
        (one) =>
          `${one.kind.padEnd(9)} ${one.histories} histories   saved ${one.hitRate}   optimum ${one.optimum}   ` +
          `ratio ${one.ratio}, at worst ${one.worstRatio}`,
      ),
      `ratio ${ratio}, at worst ${worstRatio}`,
    ].join('\n'),
};

/** Undefined where no image can save anything. */
function judge({ kind, requests, seconds, quotaBytes }: History): Outcome | undefined {
  const cases = toEnd(requestCases(requests, durationsOf(seconds)));
  // In a large history a beginning takes no bytes beyond the memory: then the largest of those that serve the same
  // requests is the best.
  const sizes = new SizeModel(kind === 'small' ? [] : [MEMORY_ALONE]);
  const input = { cases, images: ImageIndex.of([base]), lines, sizes };
  const suggested = toEnd(suggestImages(input, { count: MOST_IMAGES, bytes: quotaBytes }));
  const saved = total(
    savings(
      cases,
      suggested.map(({ image }) => image),
    ),
  );
  const choices = choicesOf(kind, cases, sizes);
  const all = choices.reduce(
    (best, one) => best.map((value, at) => Math.max(value, one.savings[at]!)),
    cases.map(() => 0),
  );
  if (total(all) === 0) return undefined;
  const optimum = kind === 'small' ? exhaustiveOptimum(choices, quotaBytes) : upperBound(choices, quotaBytes, saved);
  return {
    kind,
    hitRate: saved / total(all),
    optimum: optimum / total(all),
    ratio: optimum === 0 ? 1 : saved / optimum,
  };
}

/** A restore takes 1 s, a boot 20 s. */
function durationsOf(seconds: History['seconds']): Durations {
  const actions = Object.entries(seconds).map(([name, value]) => [durationKey.action(digestOf(name)), value] as const);
  const starts = { restore: 1, boot: 20 } as const;
  const known = new Map([
    ...(['restore', 'boot'] as const).map((start) => [durationKey.startOfLine(start, 'qemu'), starts[start]] as const),
    ...actions,
  ]);
  return {
    expect: (...keys) => keys.map((key) => known.get(key)).find((value) => value !== undefined),
    least: (start) => starts[start],
  };
}

const MEMORY_ALONE = { memoryMiB: 1, memoryBytes: MIB, diskBytes: 0, ownActions: 1 };

/** Each image that may be worth having, with what it saves of each case by the planner's own word. */
function choicesOf(kind: History['kind'], cases: readonly RequestCase[], sizes: SizeModel): readonly Choice[] {
  const machines = Map.groupBy(cases, ({ machine }) => machine.memoryMiB);
  return [...machines].flatMap(([memoryMiB, some]) => {
    const beginnings = kind === 'small' ? unique(some.flatMap(historiesOf)) : meetsOf(some.map(prefixOf));
    return beginnings.map((digests, at) => {
      const image = imageOf(`choice-${memoryMiB}-${at}`, memoryMiB, digests);
      return { bytes: sizes.bytesOf({ memoryMiB, ownActions: digests.length }), savings: savings(cases, [image]) };
    });
  });
}

function meetsOf(prefixes: readonly Prefix[]): readonly (readonly string[])[] {
  const limits = { candidates: MOST_BEGINNINGS, meets: Number.POSITIVE_INFINITY };
  const found = toEnd(candidatePrefixes(prefixes, limits));
  if (found.length >= MOST_BEGINNINGS)
    throw new Error(`more than ${MOST_BEGINNINGS} beginnings: the bound would be none`);
  return found.map(({ digests }) => digests);
}

/**
 * Every history that an image of this request may have: its actions, each after what comes before it, up to any of
 * them.
 */
function historiesOf(one: RequestCase): readonly (readonly string[])[] {
  const { digests, before } = prefixOf(one);
  const longer = (ran: readonly string[]): readonly (readonly string[])[] =>
    digests
      .filter((next) => !ran.includes(next) && [...before.get(next)!].every((other) => ran.includes(other)))
      .flatMap((next) => [[...ran, next], ...longer([...ran, next])]);
  return longer([]);
}

/** Suspended as the planner's tests make them. */
function imageOf(id: string, memoryMiB: number, digests: readonly string[]): KnownImage {
  const { manifest } = suspended(id);
  const history = digests.map((digest) => ({ digest, id: digest.slice(0, 8), kind: 'script' as const }));
  return { manifest: { ...manifest, machine: { ...manifest.machine, memoryMiB }, history } };
}

/** Seconds that images save all requests of each case, beside the base image alone. */
function savings(cases: readonly RequestCase[], images: readonly KnownImage[]): number[] {
  const replayed = [[base], [base, ...images]].map((some) => toEnd(replayCases(cases, ImageIndex.of(some), lines)));
  return cases.map(({ count }, at) => {
    const [now, then] = replayed.map((options) => options[at]?.expectedMicros ?? 0);
    return (count * (now! - then!)) / 1_000_000;
  });
}

const unique = (histories: readonly (readonly string[])[]) => [
  ...new Map(histories.map((history) => [history.join(), history])).values(),
];

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

function summary(outcomes: readonly Outcome[]) {
  const mean = (of: (outcome: Outcome) => number) => rounded4(total(outcomes.map(of)) / outcomes.length);
  return {
    histories: outcomes.length,
    hitRate: mean(({ hitRate }) => hitRate),
    optimum: mean(({ optimum }) => optimum),
    ratio: mean(({ ratio }) => ratio),
    worstRatio: rounded4(Math.min(...outcomes.map(({ ratio }) => ratio))),
  };
}

/** To ten-thousandths. */
const rounded4 = (value: number): number => Math.round(value * 10_000) / 10_000;
