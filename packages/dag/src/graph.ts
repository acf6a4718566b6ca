import type { Action, Edge } from './schema.ts';

/**
 * What of a DAG decides which orders are allowed, and what an image may hold: also known where the text of the
 * actions is not.
 */
export interface DagShape {
  readonly actions: readonly { readonly id: string; readonly kind?: Action['kind']; readonly perMachine?: boolean }[];
  readonly edges?: readonly Edge[];
}

/** A DAG by number: node `i` is `dag.actions[i]`. Repeated edges count once; neighbours ascend. */
export interface Graph {
  readonly size: number;
  readonly edgeCount: number;
  readonly predecessors: readonly (readonly number[])[];
  readonly successors: readonly (readonly number[])[];
}

/** Numbers the actions and edges of a DAG whose ids are distinct and whose edges name known actions. */
export function graphOf(dag: DagShape): Graph {
  const size = dag.actions.length;
  const numbers = new Map(dag.actions.map(({ id }, number) => [id, number]));
  const pairs = new Set(
    (dag.edges ?? []).map(({ from, to }) => numberOf(numbers, from) * size + numberOf(numbers, to)),
  );
  const predecessors: number[][] = Array.from({ length: size }, () => []);
  const successors: number[][] = Array.from({ length: size }, () => []);
  for (const pair of [...pairs].sort((a, b) => a - b)) {
    const from = Math.floor(pair / size);
    const to = pair % size;
    successors[from]!.push(to);
    predecessors[to]!.push(from);
  }
  return { size, edgeCount: pairs.size, predecessors, successors };
}

/**
 * Every node after its predecessors (Kahn). Shorter than `graph.size` when there is a cycle: its nodes are left out.
 */
export function topologicalOrder(graph: Graph): number[] {
  const waiting = graph.predecessors.map((nodes) => nodes.length);
  const order: number[] = [];
  for (let node = 0; node < graph.size; node++) if (waiting[node] === 0) order.push(node);
  for (let at = 0; at < order.length; at++) {
    for (const next of graph.successors[order[at]!]!) if (--waiting[next]! === 0) order.push(next);
  }
  return order;
}

/**
 * The nodes before `node`, the nearest first, except those in `seen` and what only they lead to. Adds them to
 * `seen`.
 */
export function* backwards(graph: Graph, node: number, seen: Set<number>): Generator<number> {
  const queue = [node];
  for (let at = 0; at < queue.length; at++) {
    for (const before of graph.predecessors[queue[at]!]!) {
      if (seen.has(before)) continue;
      seen.add(before);
      queue.push(before);
      yield before;
    }
  }
}

function numberOf(numbers: ReadonlyMap<string, number>, id: string): number {
  const number = numbers.get(id);
  if (number === undefined) throw new Error(`edge names unknown action ${id}; checkDag comes first`);
  return number;
}
