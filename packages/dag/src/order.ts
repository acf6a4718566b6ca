/** Decides in which order actions run. */
import TinyQueue from 'tinyqueue';
import { type Graph, graphOf } from './graph.ts';
import type { Action, Dag } from './schema.ts';

/** Where an action runs. */
export type Where = 'guest' | 'host';

/** Actions that run one after another at one place. A guest segment costs one round trip into the guest. */
export interface Segment {
  readonly where: Where;
  readonly actions: readonly Action[];
}

export const whereRuns = (action: Action): Where => (action.kind === 'host' ? 'host' : 'guest');

/**
 * Returns the actions of `remainingIds` (all actions, when left out) in an order that the DAG allows. `a` comes before
 * `b` also when only a path through other actions says so.
 *
 * Staying at one place as long as an action there is ready is never worse than leaving it early. So there are two
 * orders to choose from, one that starts in the guest and one that starts on the host. It takes the one with fewer
 * guest segments, then fewer segments, then with the first action of the request. Inside a segment, actions that are
 * ready together keep the order of the request.
 */
export function linearExtension(dag: Dag, remainingIds?: Iterable<string>): Action[] {
  const graph = graphOf(dag);
  const wanted = remainingIds && new Set(remainingIds);
  const places = dag.actions.map((action) => (!wanted || wanted.has(action.id) ? whereRuns(action) : undefined));
  const first = places.find((place) => place !== undefined) ?? 'guest';
  const [order, other] = [first, opposite(first)].map((start) =>
    staying(graph, places, start).map((node) => dag.actions[node]!),
  ) as [Action[], Action[]];
  return costOf(other) < costOf(order) ? other : order;
}

/** Splits an order where it changes between guest and host. */
export function segments(order: readonly Action[]): Segment[] {
  const cut: { where: Where; actions: Action[] }[] = [];
  for (const action of order) {
    const where = whereRuns(action);
    const last = cut.at(-1);
    if (last?.where === where) last.actions.push(action);
    else cut.push({ where, actions: [action] });
  }
  return cut;
}

const opposite = (where: Where): Where => (where === 'guest' ? 'host' : 'guest');

/** Weighs a guest segment more than any number of host segments. */
function costOf(order: readonly Action[]): number {
  const cut = segments(order);
  const inGuest = cut.filter(({ where }) => where === 'guest').length;
  return inGuest * (order.length + 1) + cut.length;
}

/**
 * Kahn's algorithm with one heap for each place. Nodes without a place are passed through and left out of the result.
 */
function staying(graph: Graph, places: readonly (Where | undefined)[], start: Where): number[] {
  const waiting = graph.predecessors.map((nodes) => nodes.length);
  const ready = { guest: new TinyQueue<number>(), host: new TinyQueue<number>() };
  const release = (released: number): void => {
    const passing = [released];
    for (let node = passing.pop(); node !== undefined; node = passing.pop()) {
      const place = places[node];
      if (place) ready[place].push(node);
      else for (const next of graph.successors[node]!) if (--waiting[next]! === 0) passing.push(next);
    }
  };
  // Collect the roots before any release, because a release lowers `waiting`.
  const roots = waiting.flatMap((count, node) => (count === 0 ? [node] : []));
  for (const root of roots) release(root);
  const order: number[] = [];
  let place = start;
  while (ready.guest.length + ready.host.length > 0) {
    if (ready[place].length === 0) place = opposite(place);
    const node = ready[place].pop()!;
    order.push(node);
    for (const next of graph.successors[node]!) if (--waiting[next]! === 0) release(next);
  }
  return order;
}
