/** Shops, brokers and plants in one process, connected by plain calls: what the link does, without its sockets. */
import { systemClock } from '@vmgrid/daemon';
import { Absences, type MarketDeps, Membership, PlantFailureHistory } from '@vmgrid/market';
import { type Bid, type Bidder, type Decline, GridError, type Hello, type Offer } from '@vmgrid/protocol';
import type { VirtualTime } from '../../market/test/virtual-time.ts';
import { Broker } from '../src/broker.ts';

/** A plant's answer to a call for bids; null: it never answers. */
export type Answer = Offer | null;

export interface BrokerShape {
  readonly brokerId: string;
  readonly plants: readonly string[];
  readonly brokers: readonly BrokerShape[];
  readonly dead: boolean;
}

export function marketOf(time: VirtualTime): MarketDeps {
  return { clock: time, memory: new PlantFailureHistory(time), newAuctionId: () => 'auction-1' };
}

export const newMembership = (): Membership =>
  new Membership({
    clock: systemClock,
    onProgress: () => undefined,
    onVms: () => undefined,
    onChange: () => undefined,
  });

const never = (signal: AbortSignal | undefined) =>
  new Promise<never>((_, reject) => {
    signal?.addEventListener('abort', () => reject(new GridError('CANCELLED', 'closed')));
  });

export function plantBidder(plantId: string, answer: Answer): Bidder {
  const call: Bidder['call'] = async (_method, _request, { signal }) =>
    (answer === null ? never(signal) : answer) as never;
  return { plantId, hello: { plantId, version: '0', ad: {} }, call };
}

const bidders = new WeakMap<VirtualTime, Map<BrokerShape, Bidder>>();

/** A broker as the bidder that its upper ends see; in one time the same shape is the same broker. */
function brokerBidder(shape: BrokerShape, plants: ReadonlyMap<string, Answer>, time: VirtualTime): Bidder {
  const known = bidders.get(time) ?? new Map<BrokerShape, Bidder>();
  bidders.set(time, known);
  const bidder = known.get(shape) ?? newBroker(shape, plants, time);
  known.set(shape, bidder);
  return bidder;
}

function newBroker(shape: BrokerShape, plants: ReadonlyMap<string, Answer>, time: VirtualTime): Bidder {
  const { brokerId, dead } = shape;
  const membership = newMembership();
  for (const bidder of biddersBelow(shape, plants, time)) membership.joined(bidder);
  const absences = new Absences({ clock: time, returnMs: 0, forgetMs: 0 });
  const handlers = new Broker({ membership, absences, market: marketOf(time) }, { brokerId }).handlers();
  const hello: Hello = { plantId: brokerId, version: '0', ad: {}, role: 'broker' };
  const call = async (method: 'estimate', request: never, { signal }: { signal?: AbortSignal }) =>
    dead ? never(signal) : handlers[method](request, signal ?? new AbortController().signal);
  return { plantId: brokerId, hello, call: call as unknown as Bidder['call'] };
}

export function biddersBelow(
  { plants, brokers }: Pick<BrokerShape, 'plants' | 'brokers'>,
  answers: ReadonlyMap<string, Answer>,
  time: VirtualTime,
): Bidder[] {
  return [
    ...plants.map((plantId) => plantBidder(plantId, answers.get(plantId)!)),
    ...brokers.map((broker) => brokerBidder(broker, answers, time)),
  ];
}

/** Plants that a call can reach. */
export function reachable({ plants, brokers }: Pick<BrokerShape, 'plants' | 'brokers'>): Set<string> {
  const below = brokers.filter(({ dead }) => !dead).flatMap((broker) => [...reachable(broker)]);
  return new Set([...plants, ...below]);
}

export type { Bid, Decline };
