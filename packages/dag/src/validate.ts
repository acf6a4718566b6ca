/** Checks of a DAG that JSON Schema cannot express. */
import { fileBytes } from './content.ts';
import { type Graph, graphOf, topologicalOrder } from './graph.ts';
import { DAG_LIMITS } from './limits.ts';
import { type Dag, type Edge, restartsMachine } from './schema.ts';

/** Why a DAG cannot be run. */
export type DagFault =
  /** Two actions have the id; the indexes are into `actions`. */
  | { readonly kind: 'duplicate-id'; readonly id: string; readonly indexes: readonly [number, number] }
  /** The edge at `index` of `edges` names an action (`unknown`) that is not there. */
  | { readonly kind: 'edge-unknown'; readonly edge: Edge; readonly index: number; readonly unknown: string }
  /** A cycle: each id comes before the next, and the last before the first. A single id is an edge to itself. */
  | { readonly kind: 'cycle'; readonly ids: readonly string[] }
  /** The action says `encoding: 'base64'` and its content is something else. */
  | { readonly kind: 'content-encoding'; readonly id: string }
  /** The guest would ignore the `#!` line of the action's script, because of what stands before it or at its end. */
  | { readonly kind: 'shell-line'; readonly id: string; readonly problem: 'late' | 'carriage-return' }
  /** More actions than `DAG_LIMITS.restarts` restart the machine. */
  | { readonly kind: 'restarts'; readonly count: number };

/**
 * Returns the first fault of a DAG that follows the schema, or undefined. Every other function of this package expects
 * a DAG without fault. Linear time, no recursion.
 */
export function checkDag(dag: Dag): DagFault | undefined {
  return duplicateId(dag) ?? unknownEdge(dag) ?? restarts(dag) ?? cycle(dag) ?? contentEncoding(dag) ?? shellLine(dag);
}

function duplicateId(dag: Dag): DagFault | undefined {
  const first = new Map<string, number>();
  for (const [index, { id }] of dag.actions.entries()) {
    const earlier = first.get(id);
    if (earlier !== undefined) return { kind: 'duplicate-id', id, indexes: [earlier, index] };
    first.set(id, index);
  }
  return undefined;
}

function unknownEdge(dag: Dag): DagFault | undefined {
  const ids = new Set(dag.actions.map(({ id }) => id));
  for (const [index, edge] of (dag.edges ?? []).entries()) {
    const unknown = [edge.from, edge.to].find((id) => !ids.has(id));
    if (unknown !== undefined) return { kind: 'edge-unknown', edge, index, unknown };
  }
  return undefined;
}

function restarts({ actions }: Dag): DagFault | undefined {
  const count = actions.filter(restartsMachine).length;
  return count > DAG_LIMITS.restarts ? { kind: 'restarts', count } : undefined;
}

function cycle(dag: Dag): DagFault | undefined {
  const graph = graphOf(dag);
  const order = topologicalOrder(graph);
  if (order.length === graph.size) return undefined;
  const nodes = cycleAmong(graph, new Set(order));
  const first = nodes.indexOf(nodes.reduce((least, node) => Math.min(least, node)));
  const rotated = [...nodes.slice(first), ...nodes.slice(0, first)];
  return { kind: 'cycle', ids: rotated.map((node) => dag.actions[node]!.id) };
}

/**
 * Every node that is missing from a topological order has a predecessor that is missing too, so walking backwards must
 * reach a node again.
 */
function cycleAmong(graph: Graph, ordered: ReadonlySet<number>): number[] {
  let node = 0;
  while (ordered.has(node)) node++;
  const seenAt = new Map<number, number>();
  const path: number[] = [];
  while (!seenAt.has(node)) {
    seenAt.set(node, path.length);
    path.push(node);
    node = graph.predecessors[node]!.find((before) => !ordered.has(before))!;
  }
  return path.slice(seenAt.get(node)).reverse();
}

function contentEncoding(dag: Dag): DagFault | undefined {
  const wrong = dag.actions.find((action) => action.kind === 'file' && fileBytes(action) === undefined);
  return wrong && { kind: 'content-encoding', id: wrong.id };
}

/** A kernel looks for `#!` in the first two bytes only, and reads a carriage return as part of the shell's name. */
function shellLine(dag: Dag): DagFault | undefined {
  for (const action of dag.actions) {
    const { id } = action;
    for (const text of [action.kind === 'script' ? action.script : '', action.recover ?? '']) {
      if (/^\s+#!/.test(text)) return { kind: 'shell-line', id, problem: 'late' };
      if (/^#!.*\r(?:\n|$)/.test(text)) return { kind: 'shell-line', id, problem: 'carriage-return' };
    }
  }
  return undefined;
}
