import type { Action, Edge } from './schema.ts';

/**
 * The part of a DAG that decides which orders are allowed and what an image may hold. It is known even where the text
 * of the actions is not.
 */
export interface DagShape {
  readonly actions: readonly ActionShape[];
  readonly edges?: readonly Edge[];
}

interface ActionShape {
  readonly id: string;
  readonly kind?: Action['kind'];
  readonly perMachine?: boolean;
  readonly reboot?: boolean;
}

/** A DAG with numbered nodes: node `i` is `dag.actions[i]`. Repeated edges count once; neighbours ascend. */
export interface Graph {
  readonly size: number;
  readonly edgeCount: number;
  readonly predecessors: readonly (readonly number[])[];
  readonly successors: readonly (readonly number[])[];
  /** Nodes that restart the machine. */
  readonly restarts: readonly number[];
}

/**
 * Numbers the actions and edges of a DAG. The ids must be distinct, and the edges must name known actions. An action
 * that need not run before a restart of the machine runs after it, as if edges said so: a restart ends what runs, so
 * the two orders would leave different machines.
 */
export function graphOf(dag: DagShape): Graph {
  const size = dag.actions.length;
  const numbers = new Map(dag.actions.map(({ id }, number) => [id, number]));
  const pairs = new Set(
    (dag.edges ?? []).map(({ from, to }) => numberOf(numbers, from) * size + numberOf(numbers, to)),
  );
  const restarts = dag.actions.flatMap(({ reboot }, node) => (reboot ? [node] : []));
  let graph = graphOfPairs(size, pairs, restarts);
  for (const restart of restarts) {
    for (const node of firstNotBefore(graph, restart)) pairs.add(restart * size + node);
    graph = graphOfPairs(size, pairs, restarts);
  }
  return graph;
}

/** Returns, of the nodes that are not before a node, those that come after no other of them. */
function firstNotBefore(graph: Graph, node: number): number[] {
  const before = new Set([node]);
  for (const _ of backwards(graph, node, before));
  const isBefore = (other: number): boolean => before.has(other);
  return graph.predecessors.flatMap((nodes, other) => (!isBefore(other) && nodes.every(isBefore) ? [other] : []));
}

/** A pair is `from * size + to`. */
function graphOfPairs(size: number, pairs: ReadonlySet<number>, restarts: readonly number[]): Graph {
  const predecessors: number[][] = Array.from({ length: size }, () => []);
  const successors: number[][] = Array.from({ length: size }, () => []);
  for (const pair of [...pairs].sort((a, b) => a - b)) {
    const from = Math.floor(pair / size);
    const to = pair % size;
    successors[from]!.push(to);
    predecessors[to]!.push(from);
  }
  return { size, edgeCount: pairs.size, predecessors, successors, restarts };
}

/**
 * Returns the nodes, each after its predecessors (Kahn's algorithm). Nodes on or behind a cycle are left out, so the
 * result is then shorter than `graph.size`.
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
 * Yields the predecessors of `node`, direct and indirect, the nearest first. It skips the nodes in `seen`, and adds to
 * `seen` those that it yields.
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
