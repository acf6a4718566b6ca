/** The definitions of the history tests, written down as they stand and tried out on every possibility. */
import type { HistoryTest } from '../../src/index.ts';
import type { Labelled } from '../dags.ts';

export type Ruling = { readonly test: 'none' } | { readonly test: HistoryTest; readonly position: number };

/** The first failed test of a history of effects, and the entry at which it fails. */
export function rule({ dag, effects }: Labelled, history: readonly string[]): Ruling {
  const numberOf = (id: string) => Number(id.slice(1));
  const before = effects.map(() => new Set<number>());
  for (const { from, to } of dag.edges ?? []) before[numberOf(to)]!.add(numberOf(from));

  const wanted = countsOf(effects);
  const excess = history.findIndex((effect, at) => count(history.slice(0, at + 1), effect) > (wanted.get(effect) ?? 0));
  if (excess >= 0) return { test: 'subset', position: excess };

  const closedSets = subsets(effects.length).filter((set) =>
    set.every((node) => [...before[node]!].every((other) => set.includes(other))),
  );
  const closedSetHolds = (k: number) =>
    closedSets.some((set) => {
      const held = set.map((node) => effects[node]!);
      return effects.every(
        (effect) =>
          count(history.slice(0, k), effect) <= count(held, effect) && count(held, effect) <= count(history, effect),
      );
    });
  const unheld = history.findIndex((_, at) => !closedSetHolds(at + 1));
  if (unheld >= 0) return { test: 'prefix', position: unheld };

  const replays = (k: number) => assignments(effects, history.slice(0, k)).some((nodes) => isReplay(nodes, before));
  const stuck = history.findIndex((_, at) => !replays(at + 1));
  return stuck >= 0 ? { test: 'partial-order', position: stuck } : { test: 'none' };
}

/** Whether every node stands after all its predecessors. */
export function isReplay(nodes: readonly number[], before: readonly ReadonlySet<number>[]): boolean {
  return nodes.every((node, at) => [...before[node]!].every((other) => nodes.slice(0, at).includes(other)));
}

const count = (values: readonly string[], wanted: string) => values.filter((value) => value === wanted).length;

function countsOf(values: readonly string[]): Map<string, number> {
  return new Map(values.map((value) => [value, count(values, value)]));
}

function subsets(size: number): number[][] {
  return Array.from({ length: 2 ** size }, (_, bits) =>
    Array.from({ length: size }, (_, node) => node).filter((node) => (bits >> node) & 1),
  );
}

/** Every way to give the entries different nodes of their effect. */
function assignments(effects: readonly string[], history: readonly string[]): number[][] {
  return history.reduce<number[][]>(
    (partial, effect) =>
      partial.flatMap((nodes) =>
        [...effects.keys()]
          .filter((node) => effects[node] === effect && !nodes.includes(node))
          .map((node) => [...nodes, node]),
      ),
    [[]],
  );
}
