/**
 * Which actions an image may stand for. A host action is done for one machine, in the world outside it; an action
 * that is marked `perMachine` makes what is right for one machine alone. Both run for every machine, and so does what
 * comes after them.
 */
import { type DagShape, type Graph, graphOf, topologicalOrder } from './graph.ts';
import type { Dag } from './schema.ts';

const isOwn = ({ kind, perMachine }: DagShape['actions'][number]): boolean => kind === 'host' || perMachine === true;

/** By node. Linear. */
export function reusableNodes({ actions }: DagShape, graph: Graph, topological: readonly number[]): readonly boolean[] {
  const reusable = new Array<boolean>(graph.size);
  for (const node of topological) {
    reusable[node] = !isOwn(actions[node]!) && graph.predecessors[node]!.every((before) => reusable[before]);
  }
  return reusable;
}

/**
 * The part of a DAG that an image may hold, which is closed under predecessors, and the ids of the actions that it
 * may not.
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
