import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checkDag, type Dag } from '../src/index.ts';
import { chain, dagOf, labelledDag, script } from './dags.ts';

describe('checkDag', () => {
  test('finds nothing wrong with an empty DAG, a diamond and an edge given twice', () => {
    expect(checkDag({ actions: [] })).toBeUndefined();
    expect(checkDag(dagOf('A B C D', 'A>B A>C B>D C>D A>B'))).toBeUndefined();
  });

  test('names the id that two actions share, and where they stand', () => {
    expect(checkDag(dagOf('A B A=C'))).toEqual({ kind: 'duplicate-id', id: 'A', indexes: [0, 2] });
  });

  test('names the end of an edge that is not an action', () => {
    const edge = { from: 'A', to: 'X' };
    expect(checkDag(dagOf('A B', 'A>B A>X'))).toEqual({ kind: 'edge-unknown', edge, index: 1, unknown: 'X' });
  });

  test('reports an edge from an action to itself as a cycle of one', () => {
    expect(checkDag(dagOf('A B', 'A>B B>B'))).toEqual({ kind: 'cycle', ids: ['B'] });
  });

  test('reports a cycle in running order from its first action in the request, without what leads to it or away', () => {
    expect(checkDag(dagOf('Z B A C Y', 'Z>A A>B B>C C>A C>Y'))).toEqual({ kind: 'cycle', ids: ['B', 'C', 'A'] });
  });

  test('reports file content that is not the base64 it says it is', () => {
    const file = { kind: 'file', id: 'f', path: '/f', encoding: 'base64', content: '%%%' } as const;
    expect(checkDag({ actions: [file] })).toEqual({ kind: 'content-encoding', id: 'f' });
    expect(checkDag({ actions: [{ ...file, content: 'aGVs\n  bG8=\n' }] })).toBeUndefined();
  });

  test.each([
    ['\n  #!/bin/bash\ntrue', 'late'],
    ['\uFEFF#!/bin/bash\ntrue', 'late'],
    ['#!/bin/bash\r\ntrue\r\n', 'carriage-return'],
  ])('reports the script %j, whose shell would be another', (script, problem) => {
    const fault = { kind: 'shell-line', id: 's', problem };
    expect(checkDag({ actions: [{ kind: 'script', id: 's', script }] })).toEqual(fault);
    expect(checkDag({ actions: [{ kind: 'script', id: 's', script: 'true', recover: script }] })).toEqual(fault);
  });

  test.each(['#!/bin/bash\ntrue', '\ntrue\n#! no shell', 'echo "\r" #!\r\n'])('takes the script %j', (script) => {
    expect(checkDag({ actions: [{ kind: 'script', id: 's', script }] })).toBeUndefined();
  });

  test('reads a chain of 100,000 and reports its closing as one cycle of them all', () => {
    const long = chain(100_000);
    expect(checkDag(long)).toBeUndefined();
    const closed = { ...long, edges: [...long.edges!, { from: 'a99999', to: 'a0' }] };
    expect(checkDag(closed)).toEqual({ kind: 'cycle', ids: long.actions.map(({ id }) => id) });
  });

  test('reads a million edges', () => {
    const actions = Array.from({ length: 2_000 }, (_, n) => script(`a${n}`));
    const edges = actions.flatMap(({ id }, n) => actions.slice(n + 1, n + 501).map((to) => ({ from: id, to: to.id })));
    expect(checkDag({ actions, edges })).toBeUndefined();
  });

  test('reports only cycles whose edges are all there, and every DAG with an edge against its order', () => {
    const property = fc.property(labelledDag(8, 26), fc.nat(63), ({ dag }, pick) => {
      expect(checkDag(dag)).toBeUndefined();
      const edge = dag.edges![pick % Math.max(1, dag.edges!.length)];
      if (!edge) return;
      const fault = checkDag({ ...dag, edges: [...dag.edges!, { from: edge.to, to: edge.from }] });
      expect(fault).toMatchObject({ kind: 'cycle' });
      expectClosed(dag, edge, fault?.kind === 'cycle' ? fault.ids : []);
    });
    fc.assert(property, { numRuns: 500 });
  });
});

function expectClosed(dag: Dag, turned: { from: string; to: string }, ids: readonly string[]): void {
  const edges = new Set([...dag.edges!.map(({ from, to }) => `${from}>${to}`), `${turned.to}>${turned.from}`]);
  for (const [at, id] of ids.entries()) expect(edges).toContain(`${id}>${ids[(at + 1) % ids.length]}`);
}
