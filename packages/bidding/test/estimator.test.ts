import { describe, expect, test } from '@jest/globals';
import { GridError, type MachineSpec, requestAd } from '@vmgrid/protocol';
import { COST_PRESETS, checkCost, parseCost, planAd, priceOf } from '../src/estimator.ts';
import { adOf } from './made-up-plants.ts';

const machine: MachineSpec = { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 2, diskMiB: 2048 };
const plan = planAd({
  imageId: 'octave',
  line: 'qemu',
  start: 'restore',
  actionsCached: 3,
  actionsLeft: 1,
  expectedSeconds: 2.5,
});
const dagOf = (count: number) => ({
  actions: Array.from({ length: count }, (_, index) => ({ id: `a${index}`, kind: 'script' as const, script: 'true' })),
});
const price = (cost: string, ad = adOf(1024, 512)) =>
  priceOf(parseCost(cost), { request: requestAd({ machine, dag: dagOf(4) }), plant: ad, plan });

describe('slide 18: a request for 256 MB', () => {
  const hosts = [
    { host: 'the first 512 MB host, with one VM of 256 MB', ad: adOf(512, 256), cost: 1 },
    { host: 'the 1 GB host, with two VMs of 256 MB', ad: adOf(1024, 512), cost: 0.5 },
    { host: 'the second 512 MB host, with one VM of 256 MB', ad: adOf(512, 256), cost: 1 },
  ];

  test.each(hosts)('costs $cost on $host', ({ ad, cost }) => {
    expect(price('memory', ad)).toBe(cost);
  });

  test('the 1 GB host wins', () => {
    const costs = hosts.map(({ ad }) => price('memory', ad));
    expect(costs.indexOf(Math.min(...costs))).toBe(1);
  });
});

test('memory is divided as a real number, not as integers', () => {
  expect(price('memory', adOf(1024, 256))).toBeCloseTo(1 / 3, 12);
});

test('by the preset seconds the soonest ready wins', () => {
  expect(price('seconds')).toBe(2.5);
});

test('by the preset network a plant is filled until a new network elsewhere is cheaper', () => {
  expect(price('network', adOf(1024, 512))).toBe(8);
  expect(price('network', adOf(1024, 0))).toBe(50);
});

describe('a cost that is tried before the plant opens', () => {
  test.each(Object.keys(COST_PRESETS))('is fine as the preset %s', (preset) => {
    expect(checkCost(parseCost(preset), adOf(1024, 0))).toEqual([]);
  });

  test('is fine on a plant that is full when it starts', () => {
    expect(checkCost(parseCost('memory'), adOf(1024, 1024))).toEqual([]);
  });

  test.each(['TARGET.FreeRam * 2', '"cheap"', '1 / 0'])('is refused when it gives no number: %s', (cost) => {
    expect(() => checkCost(parseCost(cost), adOf(1024, 0))).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    );
  });

  test('is refused with the names that mean nothing', () => {
    expect(() => checkCost(parseCost('TARGET.FreeRam + PLAN.Secs'), adOf(1024, 0))).toThrow(
      /for a sample request .* unknown here: TARGET.FreeRam, PLAN.Secs$/,
    );
  });

  test('tells names that mean nothing also when it gives a number all the same', () => {
    expect(checkCost(parseCost('isUndefined(TARGET.Gpu) ? 1 : 2'), adOf(1024, 0))).toEqual(['TARGET.Gpu']);
  });
});

test('an expression of the operator’s sees request, plant and plan', () => {
  expect(price('MY.MemoryMiB / TARGET.FreeMemoryMiB + 0.02 * PLAN.ExpectedSeconds')).toBeCloseTo(0.05, 12);
  expect(price('MY.MemoryMiB / real(TARGET.FreeMemoryMiB) + 0.02 * PLAN.ExpectedSeconds')).toBeCloseTo(0.55, 12);
  expect(price('PLAN.ActionsLeft * 10 + PLAN.ActionsCached + MY.ActionCount + MY.Cpus')).toBe(19);
  expect(price('ifThenElse(PLAN.Start == "restore" && PLAN.ImageId == "octave", 1, 2)')).toBe(1);
  expect(price('TARGET.VmCount * 4')).toBe(8);
});

test('the line that a request insists on is in its ad, and undefined otherwise', () => {
  const cost = parseCost('ifThenElse(MY.Line =?= undefined, 1, 2)');
  expect(priceOf(cost, { request: requestAd({ machine: machine, dag: dagOf(0) }), plant: adOf(1024, 0), plan })).toBe(
    1,
  );
  expect(
    priceOf(cost, {
      request: requestAd({ machine: { ...machine, line: 'qemu' }, dag: dagOf(0) }),
      plant: adOf(1024, 0),
      plan,
    }),
  ).toBe(2);
});

test('a cost that does not parse is a fault of the configuration and names the presets', () => {
  const thrown = captured(() => parseCost('MY.MemoryMiB +'));
  expect(thrown.code).toBe('CONFIG_INVALID');
  expect(thrown.message).toMatch(/^cost: .*; presets are memory, seconds, network$/);
  expect(thrown.details).toEqual({ cost: 'MY.MemoryMiB +' });
  expect(thrown.cause).toBeInstanceOf(Error);
});

test('a name that is no preset is an attribute, so that a slip is found at the first bid', () => {
  expect(captured(() => price('memroy'))).toMatchObject({
    code: 'CONFIG_INVALID',
    message: 'the cost expression gives undefined instead of a number',
  });
  expect(captured(() => price('toString'))).toMatchObject({ code: 'CONFIG_INVALID' });
});

test.each(['"cheap"', 'true', 'error', '1 / 0', '1.0 / 0', 'real("INF")', 'real("NaN")', '{ 1 }', '[ a = 1 ]'])(
  'a cost of %s is refused: it is no finite number',
  (cost) => {
    expect(captured(() => price(cost))).toMatchObject({ code: 'CONFIG_INVALID' });
  },
);

test('every preset gives a number', () => {
  for (const preset of Object.keys(COST_PRESETS)) expect(Number.isFinite(price(preset))).toBe(true);
});

function captured(work: () => unknown): GridError {
  try {
    work();
  } catch (error) {
    if (error instanceof GridError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
