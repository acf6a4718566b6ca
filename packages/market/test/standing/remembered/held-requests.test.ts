import { expect, test } from '@jest/globals';
import { STANDING_LIMITS } from '@vmgrid/protocol';
import fc from 'fast-check';
import { type FingerprintsOfPlant, HeldRequests } from '../../../src/standing/remembered/held-requests.ts';

/**
 * Few fingerprints, most of them side by side in one segment or at its very end, so that they collide and wrap around.
 */
const FINGERPRINTS = [
  ...Array.from({ length: 24 }, (_, number) => number),
  ...Array.from({ length: 12 }, (_, number) => 2 ** 18 - 1 - number),
  ...[2 ** 18, 2 ** 31, 2 ** 32 - 1, 2 ** 32 - 2],
];
/** Segments of the table of fingerprints. */
const SEGMENTS = 2 ** 14;
const fingerprints = fc.uniqueArray(fc.constantFrom(...FINGERPRINTS), { maxLength: FINGERPRINTS.length });
const plant = fc.nat(5).map((number) => `plant-${number}`);

type Step =
  | { readonly kind: 'come'; readonly plantId: string; readonly held: readonly number[] }
  | { readonly kind: 'change'; readonly plantId: string; readonly flips: readonly number[] }
  | { readonly kind: 'leave'; readonly plantId: string };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('come' as const), plantId: plant, held: fingerprints }),
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('change' as const), plantId: plant, flips: fingerprints }) },
  fc.record({ kind: fc.constant('leave' as const), plantId: plant }),
);

/** Beside what is tested, the same in maps and sets. */
class Both {
  readonly requests = new HeldRequests();
  readonly sets = new Map<string, Set<number>>();
  readonly #books = new Map<string, FingerprintsOfPlant>();

  take(one: Step): void {
    const { plantId } = one;
    const [book, set] = [this.#books.get(plantId), this.sets.get(plantId)];
    if (one.kind !== 'change') book?.end();
    if (one.kind === 'leave') {
      this.#books.delete(plantId);
      this.sets.delete(plantId);
    }
    if (one.kind === 'come') {
      this.#books.set(plantId, this.requests.begin(plantId, one.held));
      this.sets.set(plantId, new Set(one.held));
    }
    if (one.kind === 'change' && book && set) {
      const dropped = one.flips.filter((fingerprint) => set.has(fingerprint));
      const held = one.flips.filter((fingerprint) => !set.has(fingerprint));
      book.change({ held, dropped });
      for (const fingerprint of dropped) set.delete(fingerprint);
      for (const fingerprint of held) set.add(fingerprint);
    }
  }

  agree(all: Iterable<number>): void {
    for (const fingerprint of all) {
      const holders = [...this.sets].filter(([, set]) => set.has(fingerprint)).map(([plantId]) => plantId);
      expect(this.requests.plantsWith(fingerprint).toSorted()).toEqual(holders.toSorted());
    }
  }
}

test('those who hold a fingerprint are found, whoever came, changed, left and came back', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const both = new Both();
      for (const one of steps) {
        both.take(one);
        both.agree(FINGERPRINTS);
      }
    }),
    { numRuns: 200 },
  );
});

test('plants that come and go thousands of times leave nothing behind that is found, and no number is used up', () => {
  fc.assert(
    fc.property(fc.infiniteStream(fc.nat({ max: 2 ** 32 - 1 })), (numbers) => {
      const both = new Both();
      const next = () => numbers.next().value as number;
      const known = Array.from({ length: 200 }, next);
      both.take({ kind: 'come', plantId: 'stays', held: [...new Set(known)] });
      for (let round = 0; round < 20_000; round++) {
        both.take({ kind: 'come', plantId: 'flaps', held: [known[round % known.length]!, next()].filter(isFirst) });
      }
      both.agree(known);
    }),
    { numRuns: 1 },
  );
}, 120_000);

test('numbers are not used up by plants that flap, wherever what they held waits to be cleared away', () => {
  const both = new Both();
  const fingerprintIn = (segment: number, number: number) => (segment % SEGMENTS) * 2 ** 18 + number;
  const inEach = (number: number) => Array.from({ length: SEGMENTS }, (_, segment) => fingerprintIn(segment, number));
  // So full that each plant that leaves has one segment looked at: the one after that which it was in.
  for (let number = 0; number < 5; number++) {
    both.take({ kind: 'come', plantId: `stays-${number}`, held: inEach(number) });
  }
  for (let round = 0; round < 20_000; round++) {
    both.take({ kind: 'come', plantId: 'flaps', held: [fingerprintIn(round + SEGMENTS - 1, 5)] });
  }
  both.agree([fingerprintIn(0, 0), fingerprintIn(19_997, 5), fingerprintIn(19_998, 5)]);
});

const isFirst = (fingerprint: number, at: number, all: readonly number[]): boolean => all.indexOf(fingerprint) === at;

test('what does not go with what is known is refused, and so is more than a plant may hold', () => {
  const requests = new HeldRequests();
  const book = requests.begin('plant-1', [1, 2]);
  expect(() => book.change({ held: [2] })).toThrow('the offer of plant-1 holds 2 twice');
  expect(() => book.change({ dropped: [3] })).toThrow('the offer of plant-1 drops 3, which it does not hold');
  const most = Array.from({ length: STANDING_LIMITS.held }, (_, number) => number * SEGMENTS);
  requests.begin('plant-2', most);
  expect(() => requests.begin('plant-3', [...most, 1])).toThrow('holds more than 16384 requests');
  expect(requests.plantsWith(SEGMENTS)).toEqual(['plant-2']);
});
