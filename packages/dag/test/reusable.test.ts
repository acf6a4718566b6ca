import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Dag, matchHistory, prepareDag, splitReusable } from '../src/index.ts';
import { dagOf, digestOf, historyOf, host, labelledWithHistory } from './dags.ts';

const own = (dag: Dag, ...ids: readonly string[]): Dag => ({
  ...dag,
  actions: dag.actions.map((action) => (ids.includes(action.id) ? { ...action, perMachine: true } : action)),
});

/** users → dns (host) → mail, and octave beside them. */
const { actions, edges } = dagOf('users octave mail', 'users>dns dns>mail');
const withHost: Dag = { actions: [...actions, host('dns')], edges: edges! };

test('no image may hold a host action, nor what comes after one', () => {
  expect(splitReusable(withHost)).toMatchObject({ own: ['mail', 'dns'] });
  expect(splitReusable(withHost).reusable).toEqual({ ...dagOf('users octave'), edges: [] });
});

test('no image may hold an action that is right for one machine alone, nor what comes after it', () => {
  const { reusable, own: left } = splitReusable(own(dagOf('A B C D', 'A>B B>C A>D'), 'B'));
  expect(left).toEqual(['B', 'C']);
  expect(reusable).toEqual(dagOf('A D', 'A>D'));
});

test('a history with an action that runs for each machine fails the subset test, also where an equal one may be held', () => {
  const twice = own(dagOf('A1=A A2=A'), 'A2');
  expect(matchHistory(prepareDag(twice), historyOf('A'))).toMatchObject({ matches: true, remaining: ['A2'] });
  expect(matchHistory(prepareDag(twice), historyOf('A A'))).toMatchObject({
    test: 'subset',
    offender: { position: 1 },
  });
  expect(matchHistory(prepareDag(own(dagOf('A'), 'A')), historyOf('A'))).toMatchObject({ test: 'subset' });
});

test('what ran on a machine itself counts, whoever may hold it', () => {
  const index = prepareDag(own(dagOf('A B', 'A>B'), 'A'), 'machine');
  expect(matchHistory(index, historyOf('A B'))).toMatchObject({ matches: true, remaining: [] });
});

test('a DAG with such actions takes exactly the histories of its part that an image may hold', () => {
  const property = fc.property(labelledWithHistory(8, 5), fc.array(fc.nat(7), { maxLength: 3 }), (drawn, marked) => {
    const dag = own(drawn.labelled.dag, ...marked.map((node) => `n${node}`));
    const history = drawn.history.map(digestOf);
    const whole = matchHistory(prepareDag(dag), history);
    const part = matchHistory(prepareDag(splitReusable(dag).reusable), history);
    expect(whole.matches).toBe(part.matches);
    if (whole.matches && part.matches) {
      expect(whole.matched).toEqual(part.matched);
      expect([...whole.remaining].sort()).toEqual([...part.remaining, ...splitReusable(dag).own].sort());
    }
  });
  fc.assert(property, { numRuns: 3_000 });
});
