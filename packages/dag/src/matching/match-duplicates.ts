/** Matches a history with entries that can each be one of several equal actions. */

import { backwards } from '../graph.ts';
import type { DagIndex } from '../prepare.ts';
import { ClosedSetSearch, Mark } from './closed-set.ts';
import { partitionPoint } from './partition-point.ts';
import { type Entries, findReplay, type HistoryOnDag } from './replay.ts';
import { NONE, type SearchResult, StepBudget } from './search.ts';
import { type Mismatch, mismatch } from './verdict.ts';

/** Returns the node of each entry, or the first test that fails. The entries must have passed the subset test. */
export function matchDuplicates(
  index: DagIndex,
  entries: Entries,
  searchSteps: number,
): { readonly nodes: readonly number[] } | Mismatch {
  const { graph } = index;
  // The linear part of the work is free, so that large DAGs have as many steps for the search as small ones.
  const linear = 4 * (graph.size + graph.edgeCount + entries.length);
  const budget = () => new StepBudget(searchSteps + linear);
  const history = { index, entries };
  const replayed = replay(history, budget());
  if (replayed.outcome === 'found') return { nodes: replayed.value };
  const closed = closedSet(history, entries.length, budget());
  const explaining = budget();
  return closed.outcome === 'found'
    ? orderMismatch(history, explaining, replayed.outcome === 'none')
    : prefixMismatch(history, explaining, closed.outcome === 'none');
}

function countsOf({ index, entries }: HistoryOnDag): Int32Array {
  const counts = new Int32Array(index.members.length);
  for (const group of entries) counts[group]!++;
  return counts;
}

function replay(history: HistoryOnDag, budget: StepBudget): SearchResult<readonly number[]> {
  const counts = countsOf(history);
  const search = new ClosedSetSearch(history.index, { least: counts, most: counts }, budget);
  return search.propagate() ? findReplay(history, search.marks, budget) : NONE;
}

/**
 * Returns the marks of a closed set that has no more than the history and at least what its first `length` entries
 * need.
 */
function closedSet(history: HistoryOnDag, length: number, budget: StepBudget): SearchResult<Uint8Array> {
  const bounds = { least: countsOf(beginning(history, length)), most: countsOf(history) };
  const search = new ClosedSetSearch(history.index, bounds, budget);
  return search.propagate() ? search.solve() : NONE;
}

const beginning = ({ index, entries }: HistoryOnDag, length: number): HistoryOnDag => ({
  index,
  entries: entries.slice(0, length),
});

function prefixMismatch(history: HistoryOnDag, budget: StepBudget, decided: boolean): Mismatch {
  const { index, entries } = history;
  const position = partitionPoint(1, entries.length, (k) => closedSet(history, k, budget).outcome === 'found') - 1;
  const before = closedSet(history, position, budget);
  const inside = new Set(before.outcome === 'found' ? nodesIn(before.value) : []);
  const node = index.members[entries[position]!]!.find((member) => !inside.has(member))!;
  return mismatch(index, {
    test: 'prefix',
    node,
    position,
    missing: lackingBefore(history, node, inside),
    decided,
  });
}

const nodesIn = (marks: Uint8Array): number[] => [...marks.keys()].filter((node) => marks[node] === Mark.in);

/**
 * Returns the nearest predecessor of `node` that the history has too few of, supposing that `node` and all its
 * predecessors join those already taken.
 */
function lackingBefore(history: HistoryOnDag, node: number, inside: ReadonlySet<number>): number | undefined {
  const { index } = history;
  const joining = [...backwards(index.graph, node, new Set(inside))];
  const room = countsOf(history);
  for (const held of [...inside, node, ...joining]) room[index.groupOf[held]!]!--;
  return joining.find((before) => room[index.groupOf[before]!]! < 0);
}

function orderMismatch(history: HistoryOnDag, budget: StepBudget, decided: boolean): Mismatch {
  const { index, entries } = history;
  const replayed = (k: number) => replay(beginning(history, k), budget);
  const position = partitionPoint(1, entries.length, (k) => replayed(k).outcome === 'found') - 1;
  const before = replayed(position);
  const taken = new Set(before.outcome === 'found' ? before.value : []);
  const node = index.members[entries[position]!]!.find((member) => !taken.has(member))!;
  const missing = index.graph.predecessors[node]!.find((other) => !taken.has(other));
  return mismatch(index, { test: 'partial-order', node, position, missing, decided });
}
