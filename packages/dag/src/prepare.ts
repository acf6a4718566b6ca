import { digestAction } from './digest.ts';
import { type DagShape, type Graph, graphOf, topologicalOrder } from './graph.ts';
import { reusableNodes } from './reusable.ts';
import type { Dag } from './schema.ts';

/** A DAG prepared for matching against very many histories. It is immutable; nodes are indexes into `ids`. */
export interface DagIndex {
  readonly graph: Graph;
  /** Action ids in the order of the request. */
  readonly ids: readonly string[];
  /** Digest of each node. */
  readonly digests: readonly string[];
  /** Every node after its predecessors. */
  readonly topological: readonly number[];
  /**
   * Equal actions form one group. Actions that a history may hold and actions that an image may not hold
   * (`reusable.ts`) never share a group. Groups are numbered in the order of the request.
   */
  readonly groupOf: readonly number[];
  /** The group of each digest, for the actions that a history may hold. */
  readonly groupOfDigest: ReadonlyMap<string, number>;
  /** The nodes of each group, ascending. */
  readonly members: readonly (readonly number[])[];
}

/**
 * Whose history the DAG is matched with. An image stands for some actions only; a machine's history has all that it ran
 * itself.
 */
export type HistoryOf = 'image' | 'machine';

/**
 * Builds the index of a DAG that passed `checkDag`; once per request. Linear, except for the SHA-256 of each action.
 */
export function prepareDag(dag: Dag, of: HistoryOf = 'image'): DagIndex {
  return indexDag(dag, dag.actions.map(digestAction), of);
}

/** Builds the index from the digests of the actions, in their order, where their text is not known. Linear. */
export function indexDag(dag: DagShape, digests: readonly string[], of: HistoryOf = 'image'): DagIndex {
  const graph = graphOf(dag);
  const topological = topologicalOrder(graph);
  if (topological.length < graph.size) throw new Error('the DAG has a cycle; checkDag comes first');
  const reusable = reusableNodes(dag, graph, topological);
  const groupOfDigest = new Map<string, number>();
  const groupOfOwn = new Map<string, number>();
  const members: number[][] = [];
  const groupOf = digests.map((digest, node) => {
    const groups = of === 'machine' || reusable[node] ? groupOfDigest : groupOfOwn;
    const group = groups.get(digest) ?? members.length;
    groups.set(digest, group);
    if (members[group]) members[group].push(node);
    else members.push([node]);
    return group;
  });
  return { graph, ids: dag.actions.map(({ id }) => id), digests, topological, groupOfDigest, groupOf, members };
}
