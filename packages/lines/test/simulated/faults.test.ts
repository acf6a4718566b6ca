/** Faults of simulated machines. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fateOf } from '../../src/simulated/faults.ts';
import { UNTROUBLED } from '../../src/simulated/simulated-config.ts';

const STEPS = ['memory', 'process'];
const MACHINES = 2_000;

const all = (more: object) =>
  Array.from({ length: MACHINES }, (_, ordinal) =>
    fateOf({ ...UNTROUBLED, ...more }, { ordinal, start: 'restore', steps: STEPS }),
  );

const share = (met: readonly boolean[]): number => met.filter(Boolean).length / met.length;

test('untroubled machines meet with nothing', () => {
  for (const fate of all({})) {
    expect(fate).toMatchObject({ failAt: undefined, hangs: false, endsAfterSeconds: undefined });
    expect(fate.actionFails()).toBe(false);
  }
});

test('as many machines fail, hang and crash as it says, and as many attempts at actions', () => {
  const fates = all({ failureRate: 0.3, hangRate: 0.1, crashRate: 0.2, crashWithinSeconds: 5, actionFailureRate: 0.4 });
  expect(share(fates.map(({ failAt }) => failAt !== undefined))).toBeCloseTo(0.3, 1);
  expect(share(fates.map(({ hangs }) => hangs))).toBeCloseTo(0.1, 1);
  expect(share(fates.map(({ endsAfterSeconds }) => endsAfterSeconds !== undefined))).toBeCloseTo(0.2, 1);
  expect(share(fates.map((fate) => fate.actionFails()))).toBeCloseTo(0.4, 1);
  for (const { endsAfterSeconds = 0 } of fates) expect(endsAfterSeconds).toBeLessThan(5);
  expect(new Set(fates.map(({ failAt }) => failAt))).toEqual(new Set([undefined, ...STEPS]));
});

test('a start fails where it is told to', () => {
  for (const { failAt } of all({ failureRate: 1, failAt: 'pipe' })) expect(failAt).toBe('pipe');
});

test('the same seed has the same machines meet with the same', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 20 }), fc.nat(10_000), (seed, ordinal) => {
      const config = { ...UNTROUBLED, seed, failureRate: 0.5, hangRate: 0.5, crashRate: 0.5, actionFailureRate: 0.5 };
      const start = { ordinal, start: 'boot', steps: STEPS } as const;
      const [one, two] = [fateOf(config, start), fateOf(config, start)];
      expect(one).toMatchObject(JSON.parse(JSON.stringify(two)));
      expect([one.actionFails(), one.actionFails()]).toEqual([two.actionFails(), two.actionFails()]);
    }),
  );
});
