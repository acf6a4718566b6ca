import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type Action,
  checkDag,
  type Dag,
  digestAction,
  linearExtension,
  matchHistory,
  prepareDag,
} from '../src/index.ts';
import { dagOf, digestOf, labelledDag, script } from './dags.ts';

/** The same DAG, some of whose actions restart the machine. */
const restarting = (dag: Dag, ...ids: readonly string[]): Dag => ({
  ...dag,
  actions: dag.actions.map((action) => (ids.includes(action.id) ? ({ ...action, reboot: true } as Action) : action)),
});

const order = (dag: Dag): string =>
  linearExtension(dag)
    .map(({ id }) => id)
    .join(' ');

const restartOf = (effect: string): string => digestAction({ ...script('any', effect), reboot: true } as Action);

describe('an action that restarts the machine', () => {
  test('is another than the same action without a restart', () => {
    expect(restartOf('A')).not.toBe(digestOf('A'));
    expect(digestAction({ ...script('any', 'A'), reboot: false } as Action)).toBe(digestOf('A'));
    const file = { kind: 'file', id: 'f', path: '/f', content: '' } as const;
    expect(digestAction({ ...file, reboot: true })).not.toBe(digestAction(file));
  });

  test('comes before everything that is not before it', () => {
    expect(order(restarting(dagOf('A B R', 'A>R'), 'R'))).toBe('A R B');
    expect(order(restarting(dagOf('C B A R', 'A>B B>R A>C'), 'R'))).toBe('A B R C');
  });

  test('of two that nothing orders, the first of the request is the first', () => {
    expect(order(restarting(dagOf('A S B R', 'A>R B>S'), 'R', 'S'))).toBe('B S A R');
  });

  test('makes no cycle, and no order that the edges do not allow', () => {
    const dags = labelledDag(8, 26).chain(({ dag }) => fc.record({ dag: fc.constant(dag), chosen: fc.nat(255) }));
    const property = fc.property(dags, ({ dag, chosen }) => {
      const some = restarting(dag, ...dag.actions.filter((_, node) => (chosen >> node) & 1).map(({ id }) => id));
      expect(checkDag(some)).toBeUndefined();
      const ids = linearExtension(some).map(({ id }) => id);
      expect(ids.toSorted()).toEqual(dag.actions.map(({ id }) => id).toSorted());
      for (const { from, to } of dag.edges!) expect(ids.indexOf(from)).toBeLessThan(ids.indexOf(to));
      for (const { id, kind } of some.actions.filter((action) => action.kind !== 'host' && action.reboot)) {
        expect(kind).toBe('script');
        const before = new Set(ids.slice(0, ids.indexOf(id)));
        const restarts = some.actions.filter((action) => action.kind !== 'host' && action.reboot);
        // What ran before it was wanted before it, or before another restart.
        for (const other of before) {
          expect(restarts.some((restart) => restart.id === other || leadsTo(dag, other, restart.id))).toBe(true);
        }
      }
    });
    fc.assert(property, { numRuns: 300 });
  });

  test('an image that ran something before it which need not come before it does not match', () => {
    const dag = prepareDag(restarting(dagOf('A B R', 'A>R'), 'R'));
    expect(matchHistory(dag, [digestOf('A'), restartOf('R'), digestOf('B')])).toMatchObject({ matches: true });
    expect(matchHistory(dag, [digestOf('A'), digestOf('B')])).toMatchObject({
      test: 'prefix',
      offender: { missing: 'R' },
    });
    expect(matchHistory(dag, [digestOf('A'), digestOf('B'), restartOf('R')])).toMatchObject({ test: 'partial-order' });
  });

  test('there are at most 16 of them in a DAG', () => {
    const ids = Array.from({ length: 17 }, (_, index) => `a${index}`);
    const dag = dagOf(ids.join(' '));
    expect(checkDag(restarting(dag, ...ids.slice(1)))).toBeUndefined();
    expect(checkDag(restarting(dag, ...ids))).toEqual({ kind: 'restarts', count: 17 });
  });
});

/** Whether the edges lead from one to the other. */
function leadsTo({ edges = [] }: Dag, from: string, to: string): boolean {
  const seen = new Set([from]);
  for (const id of seen) for (const edge of edges) if (edge.from === id) seen.add(edge.to);
  return seen.has(to) && from !== to;
}
