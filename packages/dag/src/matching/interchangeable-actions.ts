import type { DagIndex } from '../prepare.ts';
import { Mark } from './closed-set.ts';
import { partitionPoint } from './partition-point.ts';

/**
 * Equal actions with the same successors among the nodes that can be taken: when two of them are ready, either will do.
 */
export interface InterchangeableClass {
  readonly group: number;
  /** Position among the classes of its group; the class that is needed soonest comes first. */
  readonly place: number;
  readonly members: readonly number[];
  /** Whether every replay takes all members. */
  readonly owed: boolean;
  /** For each owed member, the latest entry at which it can be taken, counted among the entries of its group. */
  readonly latest: number;
  /** Whether no node that can be taken comes after the members. */
  readonly leaf: boolean;
}

/**
 * Returns the classes of interchangeable nodes of each group, in their order; undefined when some owed node could only
 * be taken too late.
 */
export function interchangeableClasses(
  index: DagIndex,
  entries: readonly number[],
  marks: Uint8Array,
): readonly (readonly InterchangeableClass[])[] | undefined {
  const latest = latestEntries(index, entries, marks);
  if (!latest) return undefined;
  const soonestOwedFirst = (a: number, b: number): number =>
    Number(marks[b] === Mark.in) - Number(marks[a] === Mark.in) || latest[a]! - latest[b]! || a - b;
  return index.members.map((nodes, group) => {
    const byFollowers = Map.groupBy(nodes.filter((node) => marks[node] !== Mark.out).sort(soonestOwedFirst), (node) =>
      followers(index, marks, node).join(),
    );
    return [...byFollowers].map(([key, members], place) => {
      const first = members[0]!;
      return { group, place, members, owed: marks[first] === Mark.in, latest: latest[first]!, leaf: key === '' };
    });
  });
}

const followers = (index: DagIndex, marks: Uint8Array, node: number): number[] =>
  index.graph.successors[node]!.filter((next) => marks[next] !== Mark.out);

/**
 * Returns, for each node, the latest entry that can take it so that all its owed successors still come after it,
 * counted among the entries of its group. Returns undefined when an owed node has no such entry.
 */
function latestEntries(index: DagIndex, entries: readonly number[], marks: Uint8Array): Int32Array | undefined {
  const positions: number[][] = index.members.map(() => []);
  for (const [position, group] of entries.entries()) positions[group]!.push(position);
  const latest = new Int32Array(index.graph.size);
  for (const node of index.topological.toReversed()) {
    const own = positions[index.groupOf[node]!]!;
    if (marks[node] !== Mark.in) {
      latest[node] = own.length - 1;
      continue;
    }
    const owedNext = index.graph.successors[node]!.filter((next) => marks[next] === Mark.in);
    const limits = owedNext.map((next) => positions[index.groupOf[next]!]![latest[next]!]!);
    const limit = limits.reduce((least, position) => Math.min(least, position), entries.length);
    latest[node] = partitionPoint(0, own.length, (at) => own[at]! < limit) - 1;
    if (latest[node]! < 0) return undefined;
  }
  return latest;
}
