/** DAGs for tests: small to write, and random. */
import fc from 'fast-check';
import { type Action, type Dag, digestAction } from '../src/index.ts';

/** A guest action whose effect is named by `effect`; equal effects are equal actions. */
export const script = (id: string, effect = id): Action => ({ kind: 'script', id, script: effect });
export const host = (id: string): Action => ({ kind: 'host', id, name: id });

/** `dagOf('A B C', 'A>B B>C')`: actions by id (`A1=A` has effect A), edges by arrow. */
export function dagOf(actions: string, edges = ''): Dag {
  const words = (text: string) => text.split(' ').filter((word) => word !== '');
  return {
    actions: words(actions).map((word) => script(...(word.split('=') as [string]))),
    edges: words(edges).map((word) => {
      const [from, to] = word.split('>') as [string, string];
      return { from, to };
    }),
  };
}

const digests = new Map<string, string>();

/** Digest of the guest action with an effect. */
export function digestOf(effect: string): string {
  const digest = digests.get(effect) ?? digestAction(script('any', effect));
  digests.set(effect, digest);
  return digest;
}

export const historyOf = (effects: string): string[] => [...effects.replaceAll(' ', '')].map(digestOf);

/** A chain of `length` actions, `a0>a1>…`. */
export function chain(length: number): Dag {
  const ids = Array.from({ length }, (_, index) => `a${index}`);
  return { actions: ids.map((id) => script(id)), edges: ids.slice(1).map((to, index) => ({ from: ids[index]!, to })) };
}

export interface Labelled {
  readonly dag: Dag;
  /** Effect of each action, in request order. */
  readonly effects: readonly string[];
}

/**
 * Random DAGs of up to `maxNodes` actions with effects from an alphabet of up to `maxEffects`; request order is
 * shuffled.
 */
export const labelledDag = (maxNodes: number, maxEffects: number): fc.Arbitrary<Labelled> =>
  fc
    .record({
      effects: fc.array(fc.nat(maxEffects - 1), { maxLength: maxNodes }),
      density: fc.integer({ min: 0, max: 10 }),
      dice: fc.array(fc.nat(9), { minLength: maxNodes * maxNodes, maxLength: maxNodes * maxNodes }),
      keys: fc.array(fc.nat(1000), { minLength: maxNodes, maxLength: maxNodes }),
    })
    .map(({ effects, density, dice, keys }) => {
      const rank = effects.map((_, node) => keys[node]! * maxNodes + node);
      const names = effects.map((effect) => String.fromCharCode(65 + effect));
      const edges = [...pairs(effects.length)]
        .filter(([a, b]) => rank[a]! < rank[b]! && dice[a * maxNodes + b]! < density)
        .map(([a, b]) => ({ from: `n${a}`, to: `n${b}` }));
      return { dag: { actions: names.map((effect, node) => script(`n${node}`, effect)), edges }, effects: names };
    });

function* pairs(size: number): Generator<[number, number]> {
  for (let a = 0; a < size; a++) for (let b = 0; b < size; b++) yield [a, b];
}

/**
 * An order that the DAG allows, cut and disturbed by the dice: histories that match, nearly match and do not match at
 * all.
 */
export const historyFor = ({ dag, effects }: Labelled): fc.Arbitrary<string[]> =>
  fc
    .record({
      dice: fc.array(fc.nat(9999), { minLength: effects.length, maxLength: effects.length }),
      cut: fc.nat(effects.length),
      swaps: fc.array(fc.tuple(fc.nat(20), fc.nat(20)), { maxLength: 2 }),
      drop: fc.option(fc.nat(20)),
      strange: fc.option(fc.nat(20), { freq: 8 }),
    })
    .map(({ dice, cut, swaps, drop, strange }) => {
      const order = randomOrder(dag, dice).slice(0, cut);
      for (const [a, b] of swaps) {
        if (a < order.length && b < order.length) [order[a], order[b]] = [order[b]!, order[a]!];
      }
      const history = order.map((node) => effects[node]!);
      if (drop !== null) history.splice(drop, 1);
      if (strange !== null) history.splice(strange, 0, 'Z');
      return history;
    });

function randomOrder(dag: Dag, dice: readonly number[]): number[] {
  const left = new Set(dag.actions.keys());
  const order: number[] = [];
  while (left.size > 0) {
    const waiting = new Set(
      (dag.edges ?? []).filter(({ from }) => left.has(Number(from.slice(1)))).map(({ to }) => to),
    );
    const ready = [...left].filter((node) => !waiting.has(`n${node}`));
    const node = ready[dice[order.length]! % ready.length]!;
    left.delete(node);
    order.push(node);
  }
  return order;
}

export const labelledWithHistory = (
  maxNodes: number,
  maxEffects: number,
): fc.Arbitrary<{ labelled: Labelled; history: string[] }> =>
  labelledDag(maxNodes, maxEffects).chain((labelled) => historyFor(labelled).map((history) => ({ labelled, history })));
