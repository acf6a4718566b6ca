/** Whole simulated grids: their invariants hold whatever goes wrong, and the same seed gives the same run. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { DEFAULTS, type SimulationOptions, simulate } from '../src/index.ts';

/** Small enough for many in a few seconds. */
const SMALL: SimulationOptions = { ...DEFAULTS, plants: 6, requests: 20, seconds: 120 };
const RUN_MS = 120_000;
const VERBS = ['build', 'configure', 'create', 'destroy', 'remove', 'renew', 'resume', 'suspend'];

const failing: readonly (Partial<SimulationOptions> & { readonly seed: string; readonly why: string })[] = JSON.parse(
  readFileSync(join(import.meta.dirname, 'seeds.json'), 'utf8'),
);

test(
  'the same seed is the same run to the last event, another seed another',
  async () => {
    const options = { ...SMALL, faults: 'many', brokers: [2] } as const;
    const [one, same, other] = [
      await simulate(options),
      await simulate(options),
      await simulate({ ...options, seed: '2' }),
    ];
    expect(same).toEqual(one);
    expect(other.digest).not.toBe(one.digest);
    expect(one.faults).toBeGreaterThan(0);
  },
  RUN_MS,
);

test(
  'without faults every request becomes a VM, one, and all that is done with it and with images is done',
  async () => {
    const { made, split, refused, outcomes, violation } = await simulate({ ...SMALL, faults: 'none' });
    expect({ made, split, refused, violation }).toEqual({ made: 20, split: 0, refused: {}, violation: undefined });
    expect(Object.keys(outcomes)).toEqual(VERBS);
    for (const verb of VERBS) expect(outcomes[verb]?.done).toBeGreaterThan(0);
  },
  RUN_MS,
);

test(
  'where offers stand plants are not asked for bids, and every request becomes a VM all the same',
  async () => {
    const [asked, standing] = [
      await simulate({ ...SMALL, faults: 'none', offers: 'asked' }),
      await simulate({ ...SMALL, faults: 'none', offers: 'standing' }),
    ];
    expect([asked.made, standing.made]).toEqual([20, 20]);
    expect(standing.events).toBeLessThan(asked.events);
  },
  RUN_MS,
);

test.each(
  Array.from({ length: 6 }, (_, index) => ({
    seed: `test-${index}`,
    faults: index % 2 === 0 ? 'many' : 'some',
    brokers: index % 3 === 0 ? [2, 3] : [],
    offers: index % 4 < 2 ? 'asked' : 'standing',
  })) as readonly Pick<SimulationOptions, 'seed' | 'faults' | 'brokers' | 'offers'>[],
)(
  'seed $seed: with $faults faults, offers $offers, every invariant holds',
  async (options) => {
    expect((await simulate({ ...SMALL, ...options })).violation).toBeUndefined();
  },
  RUN_MS,
);

test.each(failing)(
  'seed $seed stays mended: $why',
  async ({ why: _, ...options }) => {
    expect((await simulate({ ...DEFAULTS, ...options })).violation).toBeUndefined();
  },
  RUN_MS,
);
