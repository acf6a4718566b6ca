import { expect, test } from '@jest/globals';
import { requestFingerprint } from '@vmgrid/bidding';
import type { Bidder, CallTerms } from '@vmgrid/protocol';
import { toEnd } from '@vmgrid/test-support/jest/to-end.ts';
import fc from 'fast-check';
import { StandingOffers } from '../../src/index.ts';
import { request } from '../bidders.ts';
import { type Published, plants, standing } from './grids.ts';

const terms: CallTerms = {
  ...{ openedAt: '2026-01-01T00:00:00Z', windowMs: 1, best: 1, order: 'cheapest', inBackoff: [], path: [] },
};
const bidders = ['plant-0', 'plant-1', 'broker-1'].map((plantId): Bidder => {
  return { plantId, hello: { plantId, version: '0', ad: {} }, call: async () => Promise.reject(new Error('asked')) };
});
const [one, other] = fc.sample(
  plants.filter((all) => all.length > 1),
  { seed: 1, numRuns: 1 },
)[0] as readonly Published[];

test('who is asked follows each offer that begins or ceases to stand, though the bidders are the same list', () => {
  const offers = new StandingOffers();
  const asked = () => {
    const { toAsk } = toEnd(offers.answer(request, terms));
    return toAsk(bidders).map(({ plantId }) => plantId);
  };
  expect(asked()).toEqual(['plant-0', 'plant-1', 'broker-1']);
  offers.put(standing(one!));
  expect(asked()).toEqual(['plant-1', 'broker-1']);
  offers.put(standing(other!));
  expect(asked()).toEqual(['broker-1']);
  const held = offers.held.begin('plant-1', [requestFingerprint(request.requestId)]);
  expect(asked()).toEqual(['broker-1', 'plant-1']);
  offers.silence('plant-0');
  expect(asked()).toEqual(['broker-1', 'plant-1']);
  held.end();
  expect(asked()).toEqual(['broker-1']);
  offers.remove('plant-0');
  offers.remove('plant-1');
  expect(asked()).toEqual(['plant-0', 'plant-1', 'broker-1']);
});
