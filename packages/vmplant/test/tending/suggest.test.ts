import { expect, test } from '@jest/globals';
import { ImageIndex, type KnownImage } from '@vmgrid/bidding';
import { matchHistory } from '@vmgrid/dag';
import { toEnd } from '@vmgrid/test-support/jest/to-end.ts';
import fc from 'fast-check';
import { type Choosable, chooseGreedily, gainOf } from '../../src/tending/choose.ts';
import { replayCases, summarizeReplay } from '../../src/tending/replay.ts';
import { suggestImages } from '../../src/tending/suggest.ts';
import { asked, base, history, inputOf, lines, suspended } from './recorded-requests.ts';

const suggested = (...args: Parameters<typeof inputOf>) =>
  toEnd(suggestImages(inputOf(...args), { count: 5 })).map(({ actions, cases, savedSeconds }) => ({
    actions: actions.map(({ id }) => id).join(' '),
    requests: cases.reduce((sum, { count }) => sum + count, 0),
    savedSeconds,
  }));
const twice = <T>(one: T): T[] => [one, one];

test('what all requests begin with is suggested first', () => {
  const requests = ['A B X', 'A B Y', 'A B Z'].map((words) => asked(words, 'A>B'));
  expect(suggested(requests)[0]).toEqual({ actions: 'A B', requests: 3, savedSeconds: 3 * (19 + 20) });
});

test('what would be there already is not suggested, however its start is expected to be', () => {
  expect(suggested(twice(asked('A B', 'A>B')), [base, suspended('there', 'A', 'B')])).toEqual([]);
});

test('secret actions, host actions, repeated ones and all that comes after them stay out', () => {
  const requests = twice(asked('A S! AfterS H@ AfterH R R AfterR', 'S>AfterS H>AfterH R>AfterR'));
  expect(suggested(requests).map(({ actions }) => actions)).toEqual(['A']);
});

test('requests that order the same actions against each other have only what comes before in common', () => {
  const requests = [...twice(asked('A B C', 'A>B B>C')), ...twice(asked('A C B', 'A>C C>B'))];
  const [first] = toEnd(suggestImages(inputOf(requests), { count: 1 }));
  for (const { dag } of first!.cases)
    expect(
      matchHistory(
        dag,
        first!.actions.map(({ digest }) => digest),
      ).matches,
    ).toBe(true);
});

test('nothing is suggested for a machine that no image can become, or whose line cannot restore', () => {
  expect(suggested([asked('A')], [])).toEqual([]);
  const input = inputOf([asked('A')]);
  const booting = new Map([...lines].map(([name, report]) => [name, { ...report, restores: false }]));
  expect(toEnd(suggestImages({ ...input, lines: booting }, { count: 5 }))).toEqual([]);
});

test('a quota passes over what does not fit', () => {
  const input = inputOf(twice(asked('A')));
  expect(toEnd(suggestImages(input, { count: 5, bytes: 1_000 }))).toEqual([]);
});

test('suggested ideals are closed under predecessors in every request they support, in an order it allows', () => {
  fc.assert(
    fc.property(history, (requests) => {
      for (const { actions, cases } of toEnd(suggestImages(inputOf(requests), { count: 5 }))) {
        expect(cases.length).toBeGreaterThan(0);
        for (const { dag } of cases)
          expectRunnable(
            dag,
            actions.map(({ digest }) => digest),
          );
      }
    }),
    { numRuns: 300 },
  );
});

/** Said without the matcher: each action is in the request, and what comes before it has run. */
function expectRunnable(dag: Parameters<typeof matchHistory>[0], digests: readonly string[]): void {
  const ran = new Set<string>();
  for (const digest of digests) {
    const node = dag.digests.indexOf(digest);
    expect(node).toBeGreaterThanOrEqual(0);
    for (const before of dag.graph.predecessors[node]!) expect(ran).toContain(dag.digests[before]);
    ran.add(digest);
  }
}

test('what suggestions are said to save is what the planner saves with them', () => {
  fc.assert(
    fc.property(history, (requests) => {
      const input = inputOf(requests);
      const suggestions = toEnd(suggestImages(input, { count: 5 }));
      const now = summary(input, [base]);
      const then = summary(input, [base, ...suggestions.map(({ image }) => image)]);
      const saved = suggestions.reduce((sum, { savedSeconds }) => sum + savedSeconds, 0);
      expect((now.meanSeconds - then.meanSeconds) * now.requests).toBeCloseTo(saved, 3);
    }),
    { numRuns: 200 },
  );
});

const summary = ({ cases }: ReturnType<typeof inputOf>, images: readonly KnownImage[]) =>
  summarizeReplay(cases, toEnd(replayCases(cases, ImageIndex.of(images), lines)));

test('a replay never gets worse with more images', () => {
  const more = fc.array(fc.shuffledSubarray(['A', 'B', 'C', 'D', 'E', 'F'], { minLength: 1 }), { maxLength: 6 });
  fc.assert(
    fc.property(history, more, fc.nat(6), (requests, histories, fewer) => {
      const input = inputOf(requests);
      const images = [base, ...histories.map((names, at) => suspended(`image-${at}`, ...names))];
      const [few, many] = [summary(input, images.slice(0, 1 + fewer)), summary(input, images)];
      expect(many.meanSeconds).toBeLessThanOrEqual(few.meanSeconds);
      expect(many.hits).toBeGreaterThanOrEqual(few.hits);
      expect(many.requests).toBe(requests.length);
    }),
    { numRuns: 300 },
  );
});

test('a replay without requests, and of one that no image can become, has nothing to tell', () => {
  expect(summary(inputOf([]), [base])).toEqual({ requests: 0, hits: 0, meanSeconds: 0 });
  expect(summary(inputOf([asked('A')]), [])).toEqual({ requests: 0, hits: 0, meanSeconds: 0 });
});

const choosable: fc.Arbitrary<Choosable> = fc.record({
  bytes: fc.integer({ min: 1, max: 20 }),
  savings: fc.array(fc.nat(30), { minLength: 5, maxLength: 5 }).map((values) => Float64Array.from(values)),
});

test('what is taken greedily saves at least 1 − 1/e of the best set of as many bytes', () => {
  fc.assert(
    fc.property(fc.array(choosable, { minLength: 1, maxLength: 9 }), fc.integer({ min: 1, max: 4 }), (items, count) => {
      const chosen = toEnd(chooseGreedily(items, { count }));
      const bytes = chosen.reduce((sum, { item }) => sum + item.bytes, 0);
      const saved = chosen.reduce((sum, { gain }) => sum + gain, 0);
      expect(saved).toBe(worth(chosen.map(({ item }) => item)));
      expect(saved).toBeGreaterThanOrEqual((1 - 1 / Math.E) * bestWorth(items, bytes) - 1e-9);
    }),
    { numRuns: 2_000 },
  );
});

function worth(items: readonly Choosable[]): number {
  const best = new Float64Array(5);
  for (const { savings } of items) for (const [at, value] of savings.entries()) best[at] = Math.max(best[at]!, value);
  return best.reduce((sum, value) => sum + value, 0);
}

function bestWorth(items: readonly Choosable[], bytes: number): number {
  let best = 0;
  for (let set = 0; set < 1 << items.length; set++) {
    const taken = items.filter((_, at) => set & (1 << at));
    if (taken.reduce((sum, item) => sum + item.bytes, 0) <= bytes) best = Math.max(best, worth(taken));
  }
  return best;
}

test('each choice is worth what it saves beyond those before it', () => {
  const items = [9, 8].map((value) => ({ bytes: 1, savings: Float64Array.of(value, 1) }));
  expect(toEnd(chooseGreedily(items, { count: 2 })).map(({ gain }) => gain)).toEqual([10]);
  expect(gainOf(items[1]!, Float64Array.of(0, 0))).toBe(9);
});
