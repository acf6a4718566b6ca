/** The limits of plants for each owner, as standing offers publish them: nobody is asked. */
import { beforeEach, expect, test } from '@jest/globals';
import type { CallTerms, CreateRequest, Identified, OwnerShare } from '@vmgrid/protocol';
import { toEnd } from '@vmgrid/test-support/jest/to-end.ts';
import fc from 'fast-check';
import { StandingOffers } from '../../../src/index.ts';
import type { SharesOfPlant } from '../../../src/standing/offers/owner-shares.ts';
import { byFingerprint, type Published, plants, standing } from '../grids.ts';

const terms: CallTerms = {
  ...{ openedAt: '2026-01-01T00:00:00Z', windowMs: 1, best: 64, order: 'cheapest', inBackoff: [], path: [] },
};
const [bidding] = fc.sample(
  plants.filter(([one]) => one?.set === 2 && one.terms.plant.lines.length > 0 && !one.terms.plant.draining),
  { seed: 3, numRuns: 1 },
)[0] as readonly Published[];
const ONE_VM = { memoryMiB: 256, diskMiB: 2_048, vms: 1 };

let offers: StandingOffers;
beforeEach(() => {
  offers = new StandingOffers();
});

/** A plant with room, where each owner may have one VM. */
function open(plantId: string, owners: Readonly<Record<string, OwnerShare>> = {}): SharesOfPlant {
  const { terms: of } = bidding!;
  const plant = { ...of.plant, plantId, usage: { memoryMiB: 0, diskMiB: 0, vms: 0 } };
  offers.put(standing({ ...bidding!, terms: { ...of, plant, others: { vms: 1 } } }));
  return offers.owners.begin(plantId, byFingerprint(owners));
}

function answers(owner?: string): string[] {
  const request: Identified<CreateRequest> = {
    requestId: 'request-9',
    machine: { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 2_048 },
    dag: { actions: [] },
    ...(owner && { caller: { owner, sees: 'own' } }),
  };
  const { parts, toAsk } = toEnd(offers.answer(request, terms));
  expect(toAsk([])).toEqual([]);
  const bids = parts.flatMap(({ bids: all }) => all.map(({ bid }) => bid.plantId));
  const declines = parts.flatMap(({ declines: all }) => all.map(({ plantId, code }) => `${plantId} ${code}`));
  return [...bids, ...declines].sort();
}

test('an owner is declined where it has what it may have, and nobody else is', () => {
  open('plant-1', { ada: { used: ONE_VM } });
  open('plant-2');
  expect(answers('ada')).toEqual(['plant-1 OWNER_VM_LIMIT', 'plant-2']);
  expect(answers('bob')).toEqual(['plant-1', 'plant-2']);
  expect(answers()).toEqual(['plant-1', 'plant-2']);
});

test('owners with limits of their own are limited by these, each by its own', () => {
  open('plant-1', {
    ada: { used: ONE_VM, limits: { vms: 2 } },
    bob: { used: { ...ONE_VM, vms: 0 }, limits: { memoryMiB: 255 } },
  });
  for (const owner of ['ada', 'bob', 'ada']) {
    expect(answers(owner)).toEqual([owner === 'ada' ? 'plant-1' : 'plant-1 OWNER_MEMORY_LIMIT']);
  }
});

test('what an owner has counts as it is told, until the plant has left, also when it told anew meanwhile', () => {
  const shares = open('plant-1');
  shares.change(byFingerprint({ ada: { used: ONE_VM } }));
  expect(answers('ada')).toEqual(['plant-1 OWNER_VM_LIMIT']);
  shares.change(byFingerprint({ ada: null }));
  expect(answers('ada')).toEqual(['plant-1']);
  const anew = open('plant-1', { ada: { used: ONE_VM } });
  shares.end();
  expect(answers('ada')).toEqual(['plant-1 OWNER_VM_LIMIT']);
  anew.end();
  expect(answers('ada')).toEqual(['plant-1']);
});
