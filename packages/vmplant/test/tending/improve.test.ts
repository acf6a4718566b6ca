import { expect, test } from '@jest/globals';
import { toEnd } from '@vmgrid/test-support/jest/to-end.ts';
import fc from 'fast-check';
import { type Choosable, chooseGreedily } from '../../src/tending/choose.ts';
import { choose } from '../../src/tending/improve.ts';

const item = (bytes: number, ...savings: number[]): Choosable => ({ bytes, savings: Float64Array.from(savings) });
const savedBy = (chosen: readonly { readonly gain: number }[]) => chosen.reduce((sum, { gain }) => sum + gain, 0);

test('a small image that saves much for its size does not keep out a large one that saves more', () => {
  const [small, large] = [item(1, 3, 0), item(10, 0, 20)];
  expect(toEnd(choose([small, large], { count: 5, bytes: 10 }))).toEqual([{ item: large, gain: 20 }]);
});

test('two images are exchanged for two others where no single exchange helps', () => {
  const [a, b, c, d] = [item(5, 6, 0, 0, 0), item(5, 0, 6, 0, 0), item(4, 0, 0, 4, 0), item(6, 0, 0, 0, 9)];
  const chosen = toEnd(choose([a, b, c, d], { count: 5, bytes: 10 })).map(({ item }) => item);
  expect(new Set(chosen)).toEqual(new Set([c, d]));
});

const items = fc.array(
  fc
    .record({ bytes: fc.integer({ min: 1, max: 20 }), savings: fc.array(fc.nat(30), { minLength: 4, maxLength: 4 }) })
    .map(({ bytes, savings }) => item(bytes, ...savings)),
  { maxLength: 8 },
);

test('a choice keeps its limits, saves what it says, and never less than greed alone', () => {
  fc.assert(
    fc.property(items, fc.integer({ min: 1, max: 4 }), fc.integer({ min: 5, max: 60 }), (all, count, bytes) => {
      const chosen = toEnd(choose(all, { count, bytes }));
      expect(chosen.length).toBeLessThanOrEqual(count);
      expect(chosen.reduce((sum, { item }) => sum + item.bytes, 0)).toBeLessThanOrEqual(bytes);
      const best = [0, 1, 2, 3].map((at) => Math.max(0, ...chosen.map(({ item }) => item.savings[at]!)));
      expect(savedBy(chosen)).toBe(best.reduce((sum, value) => sum + value, 0));
      expect(savedBy(chosen)).toBeGreaterThanOrEqual(savedBy(toEnd(chooseGreedily(all, { count, bytes }))));
    }),
    { numRuns: 500 },
  );
});
