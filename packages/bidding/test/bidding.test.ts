import { expect, test } from '@jest/globals';
import { type Action, digestAction } from '@vmgrid/dag';
import { adToJson, Bid, Decline, follows, GridError, type MachineSpec } from '@vmgrid/protocol';
import { Admission } from '../src/admission.ts';
import { type BiddingSnapshot, choosePlan, makeOffer } from '../src/bidding.ts';
import { parseCost } from '../src/estimator.ts';
import { ImageIndex } from '../src/planner/image-index.ts';
import { baseImage, historyOf, suspendedImage } from './made-up-images.ts';
import { adOf, lineReport, reportsOf } from './made-up-plants.ts';

const machine: MachineSpec = { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 2048 };
const script = (id: string): Action => ({ kind: 'script', id, script: `do ${id}` });
const request = { machine, dag: { actions: [script('a'), script('b')] } };
const nearest = suspendedImage('nearest', { history: historyOf(digestAction(script('a'))) });

const snapshot = (changes: Partial<BiddingSnapshot> = {}): BiddingSnapshot => ({
  plantId: 'plant-1',
  now: Date.UTC(2026, 0, 1),
  bidValidityMs: 30_000,
  ad: adOf(1024, 512),
  cost: parseCost('memory'),
  images: ImageIndex.of([baseImage('base'), nearest]),
  lines: reportsOf(lineReport()),
  durations: { expect: () => undefined, least: () => undefined },
  refusal: () => undefined,
  ...changes,
});

test('a bid has the price, the plan behind it, how long it holds, and the plant as it was', () => {
  expect(makeOffer(request, snapshot())).toEqual({
    kind: 'bid',
    plantId: 'plant-1',
    cost: 0.5,
    validUntil: '2026-01-01T00:00:30.000Z',
    plan: {
      imageId: 'nearest',
      line: 'qemu',
      start: 'restore',
      actionsCached: 1,
      actionsLeft: 1,
      expectedSeconds: 2.5,
      alternatives: [
        { imageId: 'nearest', line: 'qemu', start: 'boot', actionsCached: 1, expectedSeconds: 17 },
        { imageId: 'base', line: 'qemu', start: 'boot', actionsCached: 0, expectedSeconds: 19 },
      ],
    },
    ad: { ...adToJson(adOf(1024, 512)), Line: 'qemu' },
  });
});

test('the same request and snapshot give the same offer, and leave both as they were', () => {
  const frozen = deepFreeze(structuredClone(request));
  const at = snapshot();
  const offers = Array.from({ length: 3 }, () => makeOffer(frozen, at));
  expect(offers[1]).toEqual(offers[0]);
  expect(offers[2]).toEqual(offers[0]);
  expect(at.ad.has('Line')).toBe(false);
});

test('the cost sees the line that would be taken as the plant’s', () => {
  const cost = parseCost('ifThenElse(TARGET.Line == "qemu", 1, 2)');
  expect(makeOffer(request, snapshot({ cost }))).toMatchObject({ kind: 'bid', cost: 1 });
});

test('offers follow the schema of what crosses the link', () => {
  expect(follows(Bid, makeOffer(request, snapshot()))).toBe(true);
  expect(follows(Decline, makeOffer(request, snapshot({ images: new ImageIndex() })))).toBe(true);
});

test('a plant that has no room declines with what is wanted, free and lacking', () => {
  const admission = new Admission({ memoryMiB: 128, diskMiB: 10_000, cpusPerVm: 4, vms: 8 });
  expect(makeOffer(request, snapshot({ refusal: (need) => admission.refusal(need) }))).toEqual({
    kind: 'decline',
    plantId: 'plant-1',
    code: 'MEMORY_INSUFFICIENT',
    message: 'wants 256 MiB of memory, 128 are free: lacks 128',
    details: { wanted: 256, available: 128, lacking: 128 },
  });
});

test('a plant without the line asked for declines and names those it has', () => {
  const lines = reportsOf(lineReport(), lineReport({ line: 'uml', available: false, reason: 'no linux.uml' }));
  const insisting = { ...request, machine: { ...machine, line: 'uml' as const } };
  expect(makeOffer(insisting, snapshot({ lines }))).toEqual({
    kind: 'decline',
    plantId: 'plant-1',
    code: 'LINE_UNAVAILABLE',
    message: 'no line uml; there are: qemu',
    details: { line: 'uml', available: ['qemu'] },
  });
  expect(makeOffer(insisting, snapshot({ lines: reportsOf() }))).toMatchObject({
    message: 'no line uml; there are: none',
  });
});

test('a plant whose images all fail declines with the number of those it has for the system', () => {
  const images = ImageIndex.of([
    baseImage('other', { machine: { ...machine, os: 'debian-13' } }),
    baseImage('another', { machine: { ...machine, os: 'alpine-3' } }),
    suspendedImage('unwanted', { history: historyOf(digestAction(script('x'))) }),
  ]);
  expect(makeOffer(request, snapshot({ images }))).toEqual({
    kind: 'decline',
    plantId: 'plant-1',
    code: 'NO_IMAGE',
    message:
      'no image can start a machine of debian-12 on x86_64: ' +
      'of the 1 of that system in the warehouse none matches (`vmgrid explain` says why)',
    details: { os: 'debian-12', arch: 'x86_64', images: 3, ofThatSystem: 1 },
  });
});

test('a plant that has no image of the system, or none at all, says so', () => {
  expect(makeOffer({ ...request, machine: { ...machine, os: 'alpine-3' } }, snapshot())).toMatchObject({
    code: 'NO_IMAGE',
    message: 'no image can start a machine of alpine-3 on x86_64: the warehouse has none of that system (2 of others)',
    details: { images: 2, ofThatSystem: 0 },
  });
  expect(makeOffer(request, snapshot({ images: new ImageIndex() }))).toMatchObject({
    code: 'NO_IMAGE',
    message: 'no image can start a machine of debian-12 on x86_64: the warehouse is empty',
    details: { images: 0, ofThatSystem: 0 },
  });
});

test('a cost that gives no number makes the plant decline, not fail', () => {
  expect(makeOffer(request, snapshot({ cost: parseCost('TARGET.NoSuchThing') }))).toMatchObject({
    kind: 'decline',
    code: 'CONFIG_INVALID',
  });
});

test.each(['time()', 'random()'])(
  'a cost with %s in it gives no price: an offer knows no clock and no chance',
  (cost) => {
    expect(makeOffer(request, snapshot({ cost: parseCost(cost) }))).toMatchObject({ code: 'CONFIG_INVALID' });
  },
);

test('no plan is made for a machine that is refused', () => {
  const images = new ImageIndex();
  images.descend = () => {
    throw new Error('the warehouse was looked at');
  };
  const refusal = () => new GridError('DRAINING', 'the plant plant-1 is shutting down');
  expect(makeOffer(request, snapshot({ images, refusal }))).toMatchObject({ kind: 'decline', code: 'DRAINING' });
});

test('a fault of the program is not taken for a decline', () => {
  const refusal = () => {
    throw new TypeError('no such thing');
  };
  expect(() => makeOffer(request, snapshot({ refusal }))).toThrow(TypeError);
});

test('the plan of the award is the plan of the bid', () => {
  const at = snapshot();
  const offer = makeOffer(request, at);
  const plan = choosePlan(request, at);
  expect(offer).toMatchObject({ kind: 'bid', plan: { imageId: plan.image.manifest.id, start: plan.start } });
});

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze);
  return value;
}
