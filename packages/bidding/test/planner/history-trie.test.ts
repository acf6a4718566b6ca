import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { HistoryTrie, type TrieNode } from '../../src/planner/history-trie.ts';

/** A trie as plain values, whatever the order in which it grew. */
const plain = ({ run, children, values, deepest }: TrieNode<number>): unknown => ({
  run,
  values: values.toSorted((a, b) => a - b),
  deepest,
  children: [...children.values()].sort((a, b) => a.run[0]! - b.run[0]!).map(plain),
});

const trieOf = (histories: Iterable<readonly [number, readonly number[]]>): HistoryTrie<number> => {
  const trie = new HistoryTrie<number>();
  for (const [value, history] of histories) trie.add(history, value);
  return trie;
};

const history = fc.array(fc.nat(2), { maxLength: 8 });

test('common beginnings are stored once, and longer runs cut where histories part', () => {
  const trie = trieOf([
    [1, [1, 2, 3]],
    [2, [1, 2, 4]],
    [3, [1, 2]],
  ]);
  expect(plain(trie.root)).toEqual({
    run: [],
    values: [],
    deepest: 3,
    children: [
      {
        run: [1, 2],
        values: [3],
        deepest: 3,
        children: [
          { run: [3], values: [1], deepest: 3, children: [] },
          { run: [4], values: [2], deepest: 3, children: [] },
        ],
      },
    ],
  });
});

test('a trie depends on what is in it, not on what was', () => {
  fc.assert(
    fc.property(fc.array(history, { maxLength: 20 }), fc.array(fc.boolean(), { maxLength: 20 }), (all, stays) => {
      const entries = [...all.entries()];
      const trie = trieOf(entries);
      for (const [value, gone] of entries.filter(([value]) => !stays[value])) {
        expect(trie.remove(gone, value)).toBe(true);
        expect(trie.remove(gone, value)).toBe(false);
      }
      const left = entries.filter(([value]) => stays[value]);
      expect(plain(trie.root)).toEqual(plain(trieOf(left).root));
      expect(trie.size).toBe(left.length);
    }),
    { numRuns: 2_000 },
  );
});
