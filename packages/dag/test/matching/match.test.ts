import { describe, expect, test } from '@jest/globals';
import { matchHistory, prepareDag } from '../../src/index.ts';
import { chain, dagOf, digestOf, historyOf } from '../dags.ts';

const match = (actions: string, edges: string, history: string) =>
  matchHistory(prepareDag(dagOf(actions, edges)), historyOf(history));

describe('the examples of slide 39', () => {
  // A → B → C, A → D, D and C independent
  const actions = 'A B C D';
  const edges = 'A>B B>C A>D';

  test('A B D is where the request can begin; C is left', () => {
    expect(match(actions, edges, 'A B D')).toEqual({ matches: true, matched: ['A', 'B', 'D'], remaining: ['C'] });
  });

  test('A B E fails the subset test: E is not wanted', () => {
    expect(match(actions, edges, 'A B E')).toEqual({
      matches: false,
      test: 'subset',
      offender: { digest: digestOf('E'), position: 2 },
      decided: true,
    });
  });

  test('B C D fails the prefix test: A, which comes before, is missing', () => {
    expect(match(actions, edges, 'B C D')).toEqual({
      matches: false,
      test: 'prefix',
      offender: { digest: digestOf('B'), position: 0, missing: 'A' },
      decided: true,
    });
  });

  test('A C B fails the partial order test where B comes before C', () => {
    expect(match(actions, edges, 'A C B')).toEqual({
      matches: false,
      test: 'partial-order',
      offender: { digest: digestOf('C'), position: 1, missing: 'B' },
      decided: true,
    });
  });
});

describe('matchHistory', () => {
  test('matches the empty history and leaves everything', () => {
    expect(match('A B', 'A>B', '')).toEqual({ matches: true, matched: [], remaining: ['A', 'B'] });
  });

  test('matches the empty history with the empty DAG, and nothing else', () => {
    expect(match('', '', '')).toEqual({ matches: true, matched: [], remaining: [] });
    expect(match('', '', 'A')).toMatchObject({ matches: false, test: 'subset', offender: { position: 0 } });
  });

  test('lets an action that stands twice in the DAG match one entry each', () => {
    expect(match('A1=A A2=A', '', 'A')).toMatchObject({ matches: true, remaining: ['A2'] });
    expect(match('A1=A A2=A', '', 'AA')).toMatchObject({ matches: true, remaining: [] });
    expect(match('A1=A A2=A', '', 'AAA')).toMatchObject({ test: 'subset', offender: { position: 2 } });
  });

  test('gives an entry to the one of two equal actions that a later entry needs', () => {
    expect(match('A1=A A2=A B', 'A2>B', 'A B')).toEqual({ matches: true, matched: ['A2', 'B'], remaining: ['A1'] });
    expect(match('A1=A A2=A B C', 'A1>C A2>B', 'A B A C')).toMatchObject({ matched: ['A2', 'B', 'A1', 'C'] });
  });

  test('names the equal action of which the history has too few', () => {
    expect(match('A1=A A2=A B C', 'A1>B A2>C', 'A B C')).toMatchObject({
      test: 'prefix',
      offender: { digest: digestOf('C'), position: 2, missing: 'A2' },
      decided: true,
    });
  });

  test('names what had not run when equal actions are in the wrong order', () => {
    expect(match('A1=A A2=A B', 'A1>B A2>B', 'A B A')).toMatchObject({
      test: 'partial-order',
      offender: { digest: digestOf('B'), position: 1 },
    });
  });

  test('names a missing action also when it is far before the entry', () => {
    expect(match('A B C', 'A>B B>C', 'C B')).toMatchObject({ test: 'prefix', offender: { position: 0, missing: 'A' } });
  });

  test('calls a history a mismatch, undecided, when the search among equal actions runs out of steps', () => {
    // Vertices of a 10-cycle (A) and its edges (B): three of each would be a triangle, and the cycle has none.
    const vertices = Array.from({ length: 10 }, (_, n) => `v${n}=A`);
    const links = Array.from({ length: 10 }, (_, n) => `e${n}=B`);
    const edges = links.flatMap((_, n) => [`v${n}>e${n}`, `v${(n + 1) % 10}>e${n}`]);
    const index = prepareDag(dagOf([...vertices, ...links].join(' '), edges.join(' ')));
    expect(matchHistory(index, historyOf('AAABBB'))).toMatchObject({ test: 'prefix', decided: true });
    expect(matchHistory(index, historyOf('AAABBB'), { searchSteps: 10 })).toMatchObject({
      matches: false,
      decided: false,
    });
  });
});

describe('matchHistory on long chains', () => {
  const index = prepareDag(chain(100_000));

  test('matches a whole chain of 100,000 actions', () => {
    expect(matchHistory(index, index.digests)).toMatchObject({ matches: true, remaining: [] });
  });

  test('finds that the beginning of the chain is missing', () => {
    expect(matchHistory(index, index.digests.slice(1))).toMatchObject({
      test: 'prefix',
      offender: { position: 0, missing: 'a0' },
    });
  });

  test('takes equal actions along a chain as they come, without search', () => {
    const ids = Array.from({ length: 20_000 }, (_, n) => `s${n}`);
    const equal = {
      actions: ids.map((id) => ({ kind: 'script' as const, id, script: 'apt-get update' })),
      edges: ids.slice(1).map((to, n) => ({ from: ids[n]!, to })),
    };
    const twice = prepareDag(equal);
    expect(matchHistory(twice, twice.digests.slice(0, 10_000))).toMatchObject({ matches: true });
  });
});

test('tells equal actions apart by what follows them, thirty at a time, without exhausting its steps', () => {
  const updates = Array.from({ length: 30 }, (_, n) => `u${n}=U`);
  const installs = Array.from({ length: 30 }, (_, n) => String.fromCharCode(97 + n));
  const edges = installs.map((install, n) => `u${n}>${install}`);
  const index = prepareDag(dagOf([...updates, ...installs].join(' '), edges.join(' ')));
  const odd = installs.filter((_, n) => n % 2 === 1);
  expect(matchHistory(index, historyOf('U'.repeat(15) + odd.join('')))).toMatchObject({
    matches: true,
    remaining: [...updates, ...installs].map((word) => word.split('=')[0]).filter((_, n) => n % 2 === 0),
  });
});

test('decides on one request against 20,000 histories', () => {
  const request = chain(100);
  const index = prepareDag(request);
  const histories = Array.from({ length: 20_000 }, (_, n) => index.digests.slice(0, n % 100));
  const matched = histories.filter((history) => matchHistory(index, history).matches).length;
  expect(matched).toBe(20_000);
});
