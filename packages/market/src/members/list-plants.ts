/** Every plant with its ad and the age of its last word, asked of the brokers that they dialled up to. */
import type { CallOptions, PlantListReply, PlantReply } from '@vmgrid/protocol';
import { answerWithin } from '@vmgrid/protocol';
import type { Absences } from './absences.ts';
import type { LinkedMember, Membership } from './membership.ts';

/** Lists the plants that are connected, and those that are absent. */
export interface KnownPlants {
  readonly membership: Membership;
  readonly absences: Absences;
}

export async function listPlants({ membership, absences }: KnownPlants, options: CallOptions): Promise<PlantListReply> {
  const { path = [] } = options;
  const links = membership.links();
  const direct = links.filter(({ bidder }) => bidder.hello.role !== 'broker');
  const brokers = links.filter(({ bidder }) => bidder.hello.role === 'broker' && !path.includes(bidder.plantId));
  const below = await Promise.all(brokers.map((broker) => plantsBelow(broker, options)));
  const plants = shortestOfEach([...direct.map(plantReply), ...below.flat()]);
  const known = new Set(plants.map(({ plantId }) => plantId));
  const expected = [...membership.plantIds(), ...absences.all().map(({ plantId }) => plantId)];
  return {
    plants,
    brokers: brokers.map((link) => ({
      brokerId: link.bidder.plantId,
      ...wordsOf(link),
      plants: membership.plantsOf(link.bidder).length,
    })),
    silentPlants: expected.filter((plantId) => !known.has(plantId)),
  };
}

/** None when the broker does not answer. */
async function plantsBelow({ bidder }: LinkedMember, options: CallOptions): Promise<PlantReply[]> {
  const { deadlineMs, path = [] } = options;
  const listing = bidder.call('listPlants', { deadlineMs: answerWithin(deadlineMs), path: [...path] }, options);
  const plants = await listing.catch(() => []);
  return plants.map((plant) => ({ ...plant, via: [bidder.plantId, ...(plant.via ?? [])] }));
}

const plantReply = (link: LinkedMember): PlantReply => ({ plantId: link.bidder.plantId, ...wordsOf(link) });

const wordsOf = ({ bidder, ad, connectedAt, lastWordAt, rival }: LinkedMember) => ({
  version: bidder.hello.version,
  ad,
  connectedAt: new Date(connectedAt).toISOString(),
  lastWordAt: new Date(lastWordAt).toISOString(),
  ...(rival && { rival }),
});

function shortestOfEach(plants: readonly PlantReply[]): PlantReply[] {
  const best = new Map<string, PlantReply>();
  for (const plant of plants) {
    const known = best.get(plant.plantId);
    if (!known || hops(plant) < hops(known)) best.set(plant.plantId, plant);
  }
  return [...best.values()];
}

const hops = ({ via = [] }: PlantReply): number => via.length;
