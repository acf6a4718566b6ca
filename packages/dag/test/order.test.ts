import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Action, type Dag, linearExtension, segments, whereRuns } from '../src/index.ts';
import { chain, dagOf, host, labelledDag, script } from './dags.ts';

const ids = (actions: readonly Action[]): string[] => actions.map(({ id }) => id);

const edgesOf = (text: string) => dagOf('', text).edges!;

/** Random DAGs in which some actions run on the host. */
const mixedDag = fc.tuple(labelledDag(7, 26), fc.array(fc.boolean(), { minLength: 7, maxLength: 7 })).map(
  ([{ dag }, onHost]): Dag => ({
    ...dag,
    actions: dag.actions.map((action, node) => (onHost[node] ? host(action.id) : action)),
  }),
);

const guestSegments = (order: readonly Action[]) => segments(order).filter(({ where }) => where === 'guest').length;

function* allOrders(dag: Dag, done: readonly Action[] = []): Generator<readonly Action[]> {
  if (done.length === dag.actions.length) yield done;
  for (const action of dag.actions) {
    const waits = dag.edges!.some(({ from, to }) => to === action.id && !done.some(({ id }) => id === from));
    if (!done.includes(action) && !waits) yield* allOrders(dag, [...done, action]);
  }
}

describe('linearExtension', () => {
  test('keeps the order of the request where the edges leave a choice', () => {
    expect(ids(linearExtension(dagOf('C A B', 'A>B')))).toEqual(['C', 'A', 'B']);
    expect(ids(linearExtension(dagOf('C A B', 'B>A')))).toEqual(['C', 'B', 'A']);
  });

  test('waits with the host action until the guest has nothing else to do', () => {
    const dag: Dag = { actions: [script('a'), host('dns'), script('b'), script('c')], edges: edgesOf('a>dns a>b') };
    expect(ids(linearExtension(dag))).toEqual(['a', 'b', 'c', 'dns']);
  });

  test('begins on the host when that saves a round trip into the guest', () => {
    const dag: Dag = { actions: [script('a'), host('address'), script('b')], edges: edgesOf('address>b') };
    expect(ids(linearExtension(dag))).toEqual(['address', 'a', 'b']);
  });

  test('orders only what remains, also by paths through what does not', () => {
    expect(ids(linearExtension(dagOf('C B A', 'A>B B>C'), ['C', 'A']))).toEqual(['A', 'C']);
    expect(linearExtension(dagOf('A B', 'A>B'), [])).toEqual([]);
  });

  test('orders a chain of 100,000 written backwards', () => {
    const long = chain(100_000);
    const backwards = { ...long, actions: long.actions.toReversed() };
    expect(ids(linearExtension(backwards))).toEqual(ids(long.actions));
  });

  test('gives an order the DAG allows, with no more guest segments than any other', () => {
    const property = fc.property(mixedDag, (dag) => {
      const order = linearExtension(dag);
      expect(ids(order).toSorted()).toEqual(ids(dag.actions).toSorted());
      for (const { from, to } of dag.edges!) expect(ids(order).indexOf(from)).toBeLessThan(ids(order).indexOf(to));
      const least = [...allOrders(dag)].reduce((fewest, other) => Math.min(fewest, guestSegments(other)), Infinity);
      expect(guestSegments(order)).toBe(least);
    });
    fc.assert(property, { numRuns: 200 });
  });
});

test('segments cuts an order where it changes place, and joins to the same order', () => {
  const order = [script('a'), script('b'), host('dns'), script('c')];
  expect(segments(order)).toEqual([
    { where: 'guest', actions: [order[0], order[1]] },
    { where: 'host', actions: [order[2]] },
    { where: 'guest', actions: [order[3]] },
  ]);
  expect(segments([])).toEqual([]);
  expect(order.map(whereRuns)).toEqual(['guest', 'guest', 'host', 'guest']);
});
