/**
 * Decides which actions an image may stand for. A host action acts outside the machine, for one machine. The result of
 * an action marked `perMachine` is right for one machine only. Both run again for every machine, and so does everything
 * that comes after them.
 */
import { type DagShape, type Graph, graphOf, topologicalOrder } from './graph.ts';
import type { Dag } from './schema.ts';

const isOwn = ({ kind, perMachine }: DagShape['actions'][number]): boolean => kind === 'host' || perMachine === true;

/** Whether an image may hold each node. Linear. */
export function reusableNodes({ actions }: DagShape, graph: Graph, topological: readonly number[]): readonly boolean[] {
  const reusable = new Array<boolean>(graph.size);
  for (const node of topological) {
    reusable[node] = !isOwn(actions[node]!) && graph.predecessors[node]!.every((before) => reusable[before]);
  }
  return reusable;
}

/**
 * Splits a DAG into the part that an image may hold, which is closed under predecessors, and the ids of all other
 * actions.
 */
export function splitReusable(dag: Dag): { readonly reusable: Dag; readonly own: readonly string[] } {
  const graph = graphOf(dag);
  const reusable = reusableNodes(dag, graph, topologicalOrder(graph));
  const own = dag.actions.filter((_, node) => !reusable[node]).map(({ id }) => id);
  if (own.length === 0) return { reusable: dag, own };
  const left = new Set(own);
  const actions = dag.actions.filter(({ id }) => !left.has(id));
  const edges = (dag.edges ?? []).filter(({ from, to }) => !left.has(from) && !left.has(to));
  return { reusable: { actions, edges }, own };
}
