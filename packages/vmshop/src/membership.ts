/** The bidders that are connected now, and a memory of which VM lives where. */
import {
  type Bidder,
  type BidderEvents,
  type ClassAdJson,
  GridError,
  type LinkListener,
  type PlantReply,
  type ProgressEvent,
} from '@vmgrid/protocol';

interface Member {
  readonly bidder: Bidder;
  readonly connectedAt: number;
  lastWordAt: number;
  ad: ClassAdJson;
}

export interface MembershipOptions {
  readonly now: () => number;
  readonly onProgress: (event: ProgressEvent) => void;
  readonly onChange: (change: 'joined' | 'left', plantId: string, reason: string) => void;
}

export class Membership implements LinkListener {
  readonly #options: MembershipOptions;
  readonly #members = new Map<string, Member>();
  readonly #awaiting = new Map<string, Set<(bidder: Bidder) => void>>();

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  joined(bidder: Bidder): void {
    const now = this.#options.now();
    this.#members.set(bidder.plantId, { bidder, connectedAt: now, lastWordAt: now, ad: bidder.hello.ad });
    this.#options.onChange('joined', bidder.plantId, bidder.hello.version);
    for (const resolve of this.#awaiting.get(bidder.plantId) ?? []) resolve(bidder);
    this.#awaiting.delete(bidder.plantId);
  }

  left(bidder: Bidder, reason: string): void {
    if (!this.#memberOf(bidder)) return; // a newer link took its place
    this.#members.delete(bidder.plantId);
    this.#options.onChange('left', bidder.plantId, reason);
  }

  notified<E extends keyof BidderEvents>(bidder: Bidder, event: E, value: BidderEvents[E]): void {
    const member = this.#memberOf(bidder);
    if (event === 'ad' && member) member.ad = value as ClassAdJson;
    if (event === 'progress') this.#options.onProgress(value as ProgressEvent);
  }

  heard(bidder: Bidder): void {
    const member = this.#memberOf(bidder);
    if (member) member.lastWordAt = this.#options.now();
  }

  bidders(): readonly Bidder[] {
    return [...this.#members.values()].map((member) => member.bidder);
  }

  find(plantId: string): Bidder | undefined {
    return this.#members.get(plantId)?.bidder;
  }

  /**
   * The bidder, as soon as it is connected; not by the link `lost`, which may be closing still and not have left yet.
   * @throws GridError PLANT_LOST when it does not come back in time.
   */
  async awaitReturn(plantId: string, withinMs: number, lost?: Bidder): Promise<Bidder> {
    const here = this.find(plantId);
    if (here && here !== lost) return here;
    const { promise, resolve, reject } = Promise.withResolvers<Bidder>();
    const waiting = this.#awaiting.get(plantId) ?? new Set();
    this.#awaiting.set(plantId, waiting.add(resolve));
    const timer = setTimeout(() => {
      waiting.delete(resolve);
      reject(
        new GridError('PLANT_LOST', `the plant ${plantId} left and did not return within ${withinMs} ms`, { plantId }),
      );
    }, withinMs);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Undefined once a newer link took the bidder's place. */
  #memberOf(bidder: Bidder): Member | undefined {
    const member = this.#members.get(bidder.plantId);
    return member?.bidder === bidder ? member : undefined;
  }

  toReply(): PlantReply[] {
    return [...this.#members.values()].map(({ bidder, ad, connectedAt, lastWordAt }) => ({
      plantId: bidder.plantId,
      ad,
      connectedAt: new Date(connectedAt).toISOString(),
      lastWordAt: new Date(lastWordAt).toISOString(),
    }));
  }
}
