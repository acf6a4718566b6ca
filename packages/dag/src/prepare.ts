import { digestAction } from './digest.ts';
import { type DagShape, type Graph, graphOf, topologicalOrder } from './graph.ts';
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
  /** Equal actions form one group; groups are numbered in the order of the request. */
  readonly groupOfDigest: ReadonlyMap<string, number>;
  readonly groupOf: readonly number[];
  /** The nodes of each group, ascending. */
  readonly members: readonly (readonly number[])[];
}

/** Builds the index of a DAG without fault (`checkDag`); once per request. Linear, but for the SHA-256 of every action. */
export function prepareDag(dag: Dag): DagIndex {
  return indexDag(dag, dag.actions.map(digestAction));
}

/** The same when the actions are known by their digests only, one for each in their order. Linear. */
export function indexDag(dag: DagShape, digests: readonly string[]): DagIndex {
  const graph = graphOf(dag);
  const topological = topologicalOrder(graph);
  if (topological.length < graph.size) throw new Error('the DAG has a cycle; checkDag comes first');
  const groupOfDigest = new Map<string, number>();
  const members: number[][] = [];
  const groupOf = digests.map((digest, node) => {
    const group = groupOfDigest.get(digest) ?? members.length;
    groupOfDigest.set(digest, group);
    if (members[group]) members[group].push(node);
    else members.push([node]);
    return group;
  });
  return { graph, ids: dag.actions.map(({ id }) => id), digests, topological, groupOfDigest, groupOf, members };
}
