/** Matches a history of which each entry can be only one action of the DAG. */
import { backwards } from '../graph.ts';
import type { DagIndex } from '../prepare.ts';
import type { Entries } from './replay.ts';
import { type Mismatch, mismatch } from './verdict.ts';

/**
 * Returns the node of each entry, or the first test that fails. Looks only at the edges that lead into the history's
 * nodes.
 */
export function matchDistinct(index: DagIndex, entries: Entries): { readonly nodes: readonly number[] } | Mismatch {
  const nodes = entries.map((group) => index.members[group]![0]!);
  const positionOf = new Map(nodes.map((node, position) => [node, position]));
  let late: Mismatch | undefined;
  for (const [position, node] of nodes.entries()) {
    for (const before of index.graph.predecessors[node]!) {
      const at = positionOf.get(before);
      if (at === undefined) return notClosed(index, nodes);
      if (at > position) late ??= mismatch(index, { test: 'partial-order', node, position, missing: before });
    }
  }
  return late ?? { nodes };
}

/** Returns the first entry with a predecessor, direct or indirect, that is not in the history. */
function notClosed(index: DagIndex, nodes: readonly number[]): Mismatch {
  const held = new Set(nodes);
  const seen = new Set<number>();
  for (const [position, node] of nodes.entries()) {
    for (const before of backwards(index.graph, node, seen)) {
      if (!held.has(before)) return mismatch(index, { test: 'prefix', node, position, missing: before });
    }
  }
  throw new Error('a history that is closed under predecessors lacks nothing');
}
