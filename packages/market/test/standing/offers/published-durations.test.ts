/** What is known above about a plant's durations, and which plans a change of them affects. */
import { expect, jest, test } from '@jest/globals';
import { hash53 } from '@vmgrid/bidding';
import type { StandingChange } from '@vmgrid/protocol';
import fc from 'fast-check';
import { PublishedDurations } from '../../../src/standing/offers/published-durations.ts';
import { SharedParts, StandingPlant } from '../../../src/standing/offers/standing-plant.ts';
import { RequestClass } from '../../../src/standing/ranking/request-class.ts';
import { NumberTable } from '../../../src/standing/remembered/number-table.ts';
import { digestOf, INDEXES, plants, script } from '../grids.ts';

const KEYS = ['restore:qemu', 'boot:qemu:base', 'kind:script', ...Array.from({ length: 30 }, (_, n) => `action:${n}`)];
const durations = fc.dictionary(fc.constantFrom(...KEYS), fc.double({ min: 0, noNaN: true }));
const change = fc.record({ durations, forgotten: fc.subarray(KEYS) });

test('after any changes exactly what was published is expected', () => {
  fc.assert(
    fc.property(durations, fc.array(change), (whole, changes) => {
      const known = new PublishedDurations({ durations: whole, least: {}, coarse: false });
      const plain = new Map(Object.entries(whole));
      for (const { durations: learnt, forgotten } of changes) {
        known.apply({ durations: learnt, forgotten });
        for (const key of forgotten) plain.delete(key);
        for (const [key, seconds] of Object.entries(learnt)) plain.set(key, seconds);
        expect(known.size).toBe(plain.size);
        expect(KEYS.map((key) => known.expect(key))).toEqual(KEYS.map((key) => plain.get(key)));
      }
    }),
  );
});

test('no two of very many keys are taken for one', () => {
  const keys = Array.from({ length: 100_000 }, (_, number) => `action:${number.toString(16).padStart(64, '0')}`);
  const numbers = new Set([...keys, ...keys.map((key) => `${key}0`)].map(hash53));
  expect(numbers.size).toBe(2 * keys.length);
  expect(new NumberTable(new Map([...numbers].map((number) => [number, 1]))).size).toBe(2 * keys.length);
});

const offered = fc.sample(
  plants.filter(([one]) => one?.set === 2 && one.terms.plant.lines.length > 0),
  { seed: 1, numRuns: 1 },
)[0]![0]!;
const [a, elsewhere] = ['a', 'elsewhere'].map((id) => `action:${digestOf(id)}`) as [string, string];

test.each<[string, Partial<StandingChange>, boolean]>([
  ['of an action that the request has', { durations: { [a]: 9 } }, true],
  ['of one that it has not', { durations: { [elsewhere]: 9 } }, false],
  ['that forgets an action that it has not', { forgotten: [elsewhere] }, false],
  ['of the kind of its action', { durations: { 'kind:script': 9 } }, true],
  ['of another kind', { durations: { 'kind:package': 9 } }, false],
  ['of a start', { durations: { 'restore:qemu:other': 9 } }, true],
  ['of the least start', { least: { boot: 1 } }, true],
  [
    'of very many others at once',
    { durations: Object.fromEntries(Array.from({ length: 100 }, (_, number) => [`action:${number}`, 1])) },
    true,
  ],
])('a change %s has the plan made anew: %#', (_, told, isMadeAnew) => {
  const { least } = offered.terms;
  const learnt = new PublishedDurations({ durations: {}, least, coarse: false });
  const plant = new StandingPlant({ terms: offered.terms, durations: learnt }, INDEXES[2]!, {
    parts: new SharedParts(),
  });
  const machine = { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 2_048 } as const;
  const requests = new RequestClass({ machine, dag: { actions: [script('a')] } });
  const now = new Date();
  const planned = requests.plan(plant, now);
  const asked = jest.spyOn(learnt, 'expect');
  expect(requests.plan(plant, now)).toBe(planned);
  expect(asked).not.toHaveBeenCalled();
  learnt.apply(told);
  requests.plan(plant, now);
  expect(asked.mock.calls.length > 0).toBe(isMadeAnew);
});
