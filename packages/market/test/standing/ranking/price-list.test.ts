import { expect, test } from '@jest/globals';
import { parseCost, planAd, priceOf } from '@vmgrid/bidding';
import { ClassAd } from '@vmgrid/classad';
import { GridError, type PlanSummary, requestAd } from '@vmgrid/protocol';
import fc from 'fast-check';
import type { StandingPlant } from '../../../src/standing/offers/standing-plant.ts';
import { PriceList } from '../../../src/standing/ranking/price-list.ts';
import { WatchedAd } from '../../../src/standing/ranking/watched-ad.ts';
import { plants, requests, standing } from '../grids.ts';

const plan = (expectedSeconds: number): PlanSummary => ({
  ...{ imageId: 'base', line: 'qemu', start: 'boot' },
  ...{ actionsCached: 0, actionsLeft: 1, expectedSeconds },
});
const PLANS = [1, 20].map((seconds) => ({ plan: plan(seconds), ad: planAd(plan(seconds)) }));

const outcome = (work: () => number) => {
  try {
    return work();
  } catch (error) {
    return GridError.from(error).message;
  }
};

test('a price is that of working the cost out, whatever was priced before', () => {
  fc.assert(
    fc.property(fc.array(plants, { maxLength: 4 }), requests, (grids, request) => {
      const list = new PriceList(requestAd(request));
      for (const plant of grids.flat().map((one) => standing(one))) {
        for (const planned of PLANS) {
          const workedOut = () =>
            priceOf(plant.cost, { request: requestAd(request), plant: plant.adOn('qemu'), plan: planned.ad });
          expect(outcome(() => list.priceOf(plant, planned))).toBe(outcome(workedOut));
        }
      }
    }),
  );
});

test('plants that are alike in what the cost looks at are priced once', () => {
  const cost = parseCost('memory');
  const request = requestAd({
    machine: { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 64 },
    dag: { actions: [] },
  });
  const list = new PriceList(request);
  let adsMade = 0;
  const plantWith = (UsedMemoryMiB: number, LoadAverage: number) => {
    const attributes = { TotalMemoryMiB: 1_024, UsedMemoryMiB, LoadAverage };
    const adOn = () => {
      adsMade += 1;
      return ClassAd.of(attributes);
    };
    return { cost, adOn, adJsonOn: () => attributes } as unknown as StandingPlant;
  };
  const priced = [plantWith(0, 0), plantWith(512, 0), plantWith(512, 1), plantWith(0, 2)].map((plant) =>
    list.priceOf(plant, PLANS[0]!),
  );
  expect(priced).toEqual([0.25, 0.5, 0.5, 0.25]);
  expect(adsMade).toBe(2);
});

test('an ad that is watched tells which names were asked for, unless all of it was seen', () => {
  const watched = new WatchedAd(ClassAd.of({ a: 1, b: 2 }));
  expect([watched.has('A'), watched.get('c')]).toEqual([true, undefined]);
  expect(watched.namesRead).toEqual(['A', 'c']);
  expect(watched.names()).toEqual(['a', 'b']);
  expect(watched.namesRead).toBeUndefined();
});
