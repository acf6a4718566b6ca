import { expect, test } from '@jest/globals';
import { PAGE_ITEMS, pageOf } from '@vmgrid/protocol';
import fc from 'fast-check';

const same = (key: string) => key;

test('the pages of a list have each item once, in the order of their keys', () => {
  const lists = fc.uniqueArray(fc.string({ minLength: 1, unit: 'grapheme' }), { maxLength: 30 });
  fc.assert(
    fc.property(lists, fc.integer({ min: 1, max: 9 }), (all, limit) => {
      const told: string[] = [];
      let cursor: string | undefined;
      do {
        const { items, next } = pageOf(all, { limit, ...(cursor && { cursor }) }, same);
        expect(items.length).toBeLessThanOrEqual(limit);
        told.push(...items);
        cursor = next;
      } while (cursor !== undefined);
      expect(told).toEqual([...all].sort((a, b) => (a < b ? -1 : 1)));
    }),
  );
});

test('what is gone between two pages, the last item of the first among it, makes no other item be missed', () => {
  const { next } = pageOf(['a', 'b', 'c', 'd'], { limit: 2 }, same);
  expect(pageOf(['a', 'd'], { limit: 2, cursor: next! }, same)).toEqual({ items: ['d'] });
});

test('without a limit a page has a thousand items', () => {
  const all = Array.from({ length: PAGE_ITEMS + 1 }, (_, index) => String(index));
  expect(pageOf(all, {}, same).items).toHaveLength(PAGE_ITEMS);
});

test('a cursor that no page gave is refused', () => {
  expect(() => pageOf(['a'], { cursor: 'a' }, same)).toThrow('the cursor is not the `next` of any page');
});
