/**
 * Made-up histories of requests: small ones over few actions, large ones over stacks of software, of which some
 * drift.
 */
import { asked, machine } from '../../../packages/vmplant/test/tending/recorded-requests.ts';
import type { Random } from '../fuzz/mutate.ts';

export type Requests = readonly ReturnType<typeof asked>[];

export interface History {
  readonly kind: 'small' | 'large' | 'drifting';
  readonly requests: Requests;
  /** Seconds of each action. */
  readonly seconds: Readonly<Record<string, number>>;
  readonly quotaBytes: number;
}

const MIB = 1_048_576;
const SMALL_NAMES = ['A', 'B', 'C', 'D', 'E'];
/** Software in layers: each stands on one of the layer below. */
const LAYERS = [3, 6, 10, 16] as const;
const MEMORIES = [256, 512, 1_024] as const;
const KINDS = 60;
const LARGE_REQUESTS = 800;

const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
const between = (random: Random, least: number, most: number): number => least + random() * (most - least);

/** Up to eight requests of up to five actions, in orders that may disagree. */
export function smallHistory(random: Random): History {
  const requests = Array.from({ length: 2 + Math.floor(random() * 7) }, () => {
    const names = SMALL_NAMES.filter(() => random() < 0.6).sort(() => random() - 0.5);
    const own = names.length === 0 ? ['A'] : names;
    const arrows = own.flatMap((from, at) =>
      own.slice(at + 1).flatMap((to) => (random() < 0.35 ? [`${from}>${to}`] : [])),
    );
    return asked(own.join(' '), arrows.join(' '));
  });
  const seconds = Object.fromEntries(SMALL_NAMES.map((name) => [name, between(random, 1, 60)]));
  return { kind: 'small', requests, seconds, quotaBytes: Math.floor(between(random, 300, 1_400)) * MIB };
}

/** Sixty kinds of requests, some asked for often; when it drifts, what is asked for most is another at each time. */
export function largeHistory(random: Random, drifts: boolean): History {
  const below = LAYERS.map((count, layer) =>
    Array.from({ length: count }, () => Math.floor(random() * (LAYERS[layer - 1] ?? 1))),
  );
  const kinds = Array.from({ length: KINDS }, (_, at) => kindOf(random, below, at));
  const requests = Array.from({ length: LARGE_REQUESTS }, (_, time) => {
    const rank = Math.min(KINDS - 1, Math.floor(KINDS ** random()) - 1);
    const shift = drifts ? Math.floor((time / LARGE_REQUESTS) * KINDS) : 0;
    return kinds[(rank + shift) % KINDS]!;
  });
  const names = new Set(requests.flatMap(({ actions }) => actions.map(({ id }) => id)));
  const seconds = Object.fromEntries([...names].map((name) => [name, between(random, 1, 120)]));
  const quotaBytes = Math.floor(between(random, 1_500, 6_000)) * MIB;
  return { kind: drifts ? 'drifting' : 'large', requests, seconds, quotaBytes };
}

/** A stack from the bottom up, as far as it goes, and an action of its own. */
function kindOf(random: Random, below: readonly (readonly number[])[], at: number): Requests[number] {
  const height = 1 + Math.floor(random() * LAYERS.length);
  let one = Math.floor(random() * LAYERS[height - 1]!);
  const stack: string[] = [];
  for (let layer = height - 1; layer >= 0; layer--) {
    stack.unshift(`layer${layer}-${one}`);
    one = below[layer]![one]!;
  }
  const arrows = stack.slice(1).map((name, index) => `${stack[index]}>${name}`);
  const own = `own${at}`;
  const memoryMiB = pick(random, MEMORIES);
  const request = asked([...stack, own].join(' '), [...arrows, `${stack.at(-1)}>${own}`].join(' '));
  return { ...request, machine: { ...machine, memoryMiB } };
}
