import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { matchHistory, prepareDag, type Verdict } from '../../src/index.ts';
import { digestOf, type Labelled, labelledWithHistory } from '../dags.ts';
import { isReplay, type Ruling, rule } from './oracle.ts';

const decide = (labelled: Labelled, history: readonly string[]): Verdict =>
  matchHistory(prepareDag(labelled.dag), history.map(digestOf));

const rulingOf = (verdict: Verdict): Ruling =>
  verdict.matches ? { test: 'none' } : { test: verdict.test, position: verdict.offender.position };

const agree = ({ labelled, history }: { labelled: Labelled; history: string[] }): void => {
  const verdict = decide(labelled, history);
  expect(rulingOf(verdict)).toEqual(rule(labelled, history));
  if (verdict.matches) expectProof(labelled, history, verdict.matched, verdict.remaining);
  else expectReason(labelled, history, verdict);
};

function expectProof(labelled: Labelled, history: string[], matched: readonly string[], remaining: readonly string[]) {
  const nodes = matched.map((id) => Number(id.slice(1)));
  const before = labelled.effects.map(() => new Set<number>());
  for (const { from, to } of labelled.dag.edges ?? []) before[Number(to.slice(1))]!.add(Number(from.slice(1)));
  expect(nodes.map((node) => labelled.effects[node])).toEqual(history);
  expect(isReplay(nodes, before)).toBe(true);
  expect(remaining).toEqual(labelled.dag.actions.map(({ id }) => id).filter((id) => !matched.includes(id)));
}

function expectReason(labelled: Labelled, history: string[], verdict: Verdict & { matches: false }) {
  const { digest, position, missing } = verdict.offender;
  expect(verdict.decided).toBe(true);
  expect(digest).toBe(digestOf(history[position]!));
  if (verdict.test === 'subset') expect(missing).toBeUndefined();
  else expect(labelled.dag.actions.map(({ id }) => id)).toContain(missing);
}

describe('matchHistory agrees with the definitions tried on every assignment', () => {
  test.each([
    ['nearly all actions distinct', 6, 26, 3_000],
    ['some equal actions', 6, 4, 4_000],
    ['many equal actions', 7, 2, 4_000],
    ['all actions equal', 5, 1, 1_000],
  ])('with %s', (_, maxNodes, maxEffects, numRuns) => {
    fc.assert(fc.property(labelledWithHistory(maxNodes, maxEffects), agree), { numRuns });
  });
});

/** Every state that the history can lead to, as sets of nodes taken: exact, and too slow for anything but a test. */
function replaysByStates({ dag, effects }: Labelled, history: readonly string[]): boolean {
  const before = effects.map(() => 0);
  for (const { from, to } of dag.edges ?? []) before[Number(to.slice(1))]! |= 1 << Number(from.slice(1));
  let states = new Set([0]);
  for (const effect of history) {
    const next = new Set<number>();
    for (const state of states) {
      for (const [node, own] of effects.entries()) {
        const isReady = (state & (1 << node)) === 0 && (before[node]! & ~state) === 0;
        if (own === effect && isReady) next.add(state | (1 << node));
      }
    }
    states = next;
  }
  return states.size > 0;
}

test('matchHistory finds a replay among many equal actions exactly when there is one', () => {
  const property = fc.property(labelledWithHistory(14, 3), ({ labelled, history }) => {
    expect(decide(labelled, history).matches).toBe(replaysByStates(labelled, history));
  });
  fc.assert(property, { numRuns: 2_000 });
});
