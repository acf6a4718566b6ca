import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Nearest } from '../../src/planner/nearest.ts';

test('it keeps what a stable sort of all would put first', () => {
  const items = fc.array(fc.record({ key: fc.integer({ min: 0, max: 5 }), name: fc.nat() }), { maxLength: 30 });
  fc.assert(
    fc.property(items, fc.integer({ min: 1, max: 10 }), (all, limit) => {
      const compare = (a: { key: number }, b: { key: number }) => a.key - b.key;
      const nearest = new Nearest(limit, compare);
      for (const one of all) nearest.add(one);
      expect(nearest.items).toEqual(all.toSorted(compare).slice(0, limit));
    }),
  );
});
