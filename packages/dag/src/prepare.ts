import { digestAction } from './digest.ts';
import { type DagShape, type Graph, graphOf, topologicalOrder } from './graph.ts';
import { reusableNodes } from './reusable.ts';
import type { Dag } from './schema.ts';

/** A DAG made ready to be matched against very many histories. Immutable; nodes are indexes into `ids`. */
export interface DagIndex {
  readonly graph: Graph;
  /** Action ids in the order of the request. */
  readonly ids: readonly string[];
  /** Digest of each node. */
  readonly digests: readonly string[];
  /** Every node after its predecessors. */
  readonly topological: readonly number[];
  /**
   * Equal actions form one group, those that a history may hold and those that an image may not (`reusable.ts`) one
   * each; groups are numbered in the order of the request.
   */
  readonly groupOf: readonly number[];
  /** Of the actions that a history may hold. */
  readonly groupOfDigest: ReadonlyMap<string, number>;
  /** The nodes of each group, ascending. */
  readonly members: readonly (readonly number[])[];
}

/** Whose history a DAG is matched with: an image stands for some actions only, a machine for all that it ran itself. */
export type HistoryOf = 'image' | 'machine';

/**
 * Builds the index of a DAG without fault (`checkDag`); once per request. Linear, but for the SHA-256 of every
 * action.
 */
export function prepareDag(dag: Dag, of: HistoryOf = 'image'): DagIndex {
  return indexDag(dag, dag.actions.map(digestAction), of);
}

/** The same when the actions are known by their digests only, one for each in their order. Linear. */
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
