/**
 * Keeps who is connected now: the bidders that dialled up, and every plant with the ways to it. A plant with several
 * ways is one member: it joins with its first way and leaves with its last.
 */
import {
  type Bidder,
  type BidderEvents,
  BROKER_LIMITS,
  bidderThrough,
  type ClassAdJson,
  GridError,
  type LinkListener,
  type MembersEvent,
  type ProgressEvent,
  type Rival,
  type VmsEvent,
} from '@vmgrid/protocol';
import type { MarketClock } from '../market-clock.ts';
import { type Route, Routes } from './routes.ts';

/** A bidder that dialled up. */
export interface LinkedMember {
  readonly bidder: Bidder;
  /** Milliseconds since the epoch. */
  readonly connectedAt: number;
  readonly lastWordAt: number;
  readonly ad: ClassAdJson;
  /** The last one that wanted its id as well. */
  readonly rival?: Rival;
}

/** A change of a member; `moved` means that the best way to a plant has changed. */
export interface MemberChange {
  readonly change: 'joined' | 'moved' | 'left';
  readonly role: 'plant' | 'broker';
  readonly plantId: string;
  readonly version: string;
  /** Brokers on the way; of one that left, on the last way there was. */
  readonly via: readonly string[];
  /** Why a member left. */
  readonly reason?: string;
}

export interface MembershipOptions {
  readonly clock: Pick<MarketClock, 'now' | 'sleep'>;
  readonly onProgress: (event: ProgressEvent) => void;
  /** Called with the news of a plant about its VMs, and the link over which they came. */
  readonly onVms: (link: Bidder, event: VmsEvent) => void;
  readonly onChange: (change: MemberChange) => void;
  /** Called when a member sends something that is impossible. */
  readonly onFault?: (fault: { readonly plantId: string; readonly broker: string; readonly problem: string }) => void;
  /** The broker's own id: plants said to be reached through it are reached through a loop. */
  readonly selfId?: string;
}

/** Which ways will not do. */
export interface WayOptions {
  /** Ways that were tried. */
  readonly except?: ReadonlySet<Bidder>;
  /** Brokers that the call came through. */
  readonly path?: readonly string[];
}

export interface ReturnOptions extends Pick<WayOptions, 'except'> {
  readonly signal?: AbortSignal;
}

export class Membership implements LinkListener {
  readonly #options: MembershipOptions;
  readonly #links = new Map<string, LinkedMember & { lastWordAt: number; ad: ClassAdJson; rival?: Rival }>();
  readonly #routes = new Routes();
  #bidders: readonly Bidder[] | undefined;
  #hasBrokers: boolean | undefined;
  readonly #awaiting = new Map<string, Set<(bidder: Bidder) => void>>();

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  joined(bidder: Bidder): void {
    const now = this.#options.clock.now();
    const { plantId, hello } = bidder;
    const replaced = this.#links.get(plantId);
    this.#bidders = undefined;
    this.#hasBrokers = undefined;
    this.#links.set(plantId, { bidder, connectedAt: now, lastWordAt: now, ad: hello.ad });
    if (hello.role === 'broker') {
      if (replaced) this.#dropAll(replaced.bidder, 'its broker dialled anew');
      this.#options.onChange({ change: 'joined', role: 'broker', plantId, version: hello.version, via: [] });
    } else {
      this.#put(plantId, { bidder, link: bidder, via: [] });
    }
  }

  left(bidder: Bidder, reason: string): void {
    if (!this.#linkOf(bidder)) return; // a newer link took its place
    const { plantId, hello } = bidder;
    this.#bidders = undefined;
    this.#hasBrokers = undefined;
    this.#links.delete(plantId);
    if (hello.role !== 'broker') {
      this.#drop(plantId, bidder, reason);
      return;
    }
    this.#dropAll(bidder, `the broker ${plantId} left: ${reason}`);
    this.#options.onChange({ change: 'left', role: 'broker', plantId, version: hello.version, via: [], reason });
  }

  notified<E extends keyof BidderEvents>(bidder: Bidder, event: E, value: BidderEvents[E]): void {
    if (event === 'progress') this.#options.onProgress(value as ProgressEvent);
    const link = this.#linkOf(bidder);
    if (!link) return;
    if (event === 'ad') link.ad = value as ClassAdJson;
    if (event === 'vms') for (const told of value as readonly VmsEvent[]) this.#hearVms(bidder, told);
    if (event === 'members') this.#hearMembers(bidder, value as MembersEvent);
  }

  refused(bidder: Bidder, rival: Rival): void {
    const link = this.#linkOf(bidder);
    if (link) link.rival = rival;
  }

  heard(bidder: Bidder): void {
    const link = this.#linkOf(bidder);
    if (link) link.lastWordAt = this.#options.clock.now();
  }

  /**
   * Returns the bidders that dialled up, brokers included. A call for bids goes to them. The list is the same object
   * until one comes or goes.
   */
  bidders(): readonly Bidder[] {
    this.#bidders ??= this.links().map(({ bidder }) => bidder);
    return this.#bidders;
  }

  /** Whether brokers are among them. */
  get hasBrokers(): boolean {
    this.#hasBrokers ??= this.bidders().some(({ hello }) => hello.role === 'broker');
    return this.#hasBrokers;
  }

  links(): readonly LinkedMember[] {
    return [...this.#links.values()];
  }

  /** Plants at any depth. */
  get plantCount(): number {
    return this.#routes.plants().size;
  }

  /** Every plant, at any depth. */
  plantIds(): readonly string[] {
    return [...this.#routes.plants().keys()];
  }

  /** The best way to each plant. */
  plants(): readonly Route[] {
    return [...this.#routes.plants().values()].map(([best]) => best!);
  }

  /** The plants reached over a link. */
  plantsOf(link: Bidder): readonly string[] {
    return this.#routes.plantsOf(link);
  }

  /** The plant, by the best way that will do. */
  find(plantId: string, { except, path = [] }: WayOptions = {}): Bidder | undefined {
    const usable = ({ bidder, link }: Route) => !except?.has(bidder) && !path.includes(link.plantId);
    return this.#routes.of(plantId).find(usable)?.bidder;
  }

  /**
   * The plant, as soon as there is a way to it that was not tried: a link that was lost may be closing still and not
   * have left.
   * @throws GridError PLANT_LOST when it does not come back in time; what the signal aborts with
   */
  async awaitReturn(plantId: string, withinMs: number, { except, signal }: ReturnOptions = {}): Promise<Bidder> {
    const here = this.find(plantId, except === undefined ? {} : { except });
    if (here) return here;
    const { promise, resolve, reject } = Promise.withResolvers<Bidder>();
    const waiting = this.#awaiting.get(plantId) ?? new Set();
    this.#awaiting.set(plantId, waiting.add(resolve));
    const returned = new AbortController();
    const signals = signal === undefined ? [returned.signal] : [returned.signal, signal];
    const giveUp = () => {
      const message = `the plant ${plantId} left and did not return within ${Math.round(withinMs)} ms`;
      reject(new GridError('PLANT_LOST', message, { plantId }));
    };
    this.#options.clock.sleep(withinMs, AbortSignal.any(signals)).then(giveUp, reject);
    return promise.finally(() => {
      waiting.delete(resolve);
      returned.abort();
    });
  }

  /** Undefined once a newer link took the bidder's place. */
  #linkOf(bidder: Bidder) {
    const link = this.#links.get(bidder.plantId);
    return link?.bidder === bidder ? link : undefined;
  }

  #hearMembers(broker: Bidder, { joined, left }: MembersEvent): void {
    for (const below of joined) {
      const via = [broker.plantId, ...below.via];
      const problem = this.#problemOf(via);
      if (problem === undefined) {
        this.#put(below.plantId, { bidder: bidderThrough(broker, below), link: broker, via });
        continue;
      }
      this.#drop(below.plantId, broker, problem); // the way of before is no more
      this.#options.onFault?.({ plantId: below.plantId, broker: broker.plantId, problem });
    }
    for (const { plantId, reason } of left) this.#drop(plantId, broker, reason);
  }

  /** Only a broker may tell of VMs of other plants, and only of the plants below it. */
  #hearVms(link: Bidder, event: VmsEvent): void {
    if (this.#routes.of(event.plantId).some((route) => route.link === link)) this.#options.onVms(link, event);
  }

  #problemOf(via: readonly string[]): string | undefined {
    if (this.#options.selfId !== undefined && via.includes(this.#options.selfId)) {
      return `the way leads back here: ${via.join(' → ')}`;
    }
    if (via.length <= BROKER_LIMITS.hops) return undefined;
    return `the way passes ${via.length} brokers, the limit is ${BROKER_LIMITS.hops}`;
  }

  #put(plantId: string, route: Route): void {
    const before = this.#best(plantId);
    this.#routes.put(plantId, route);
    this.#tellChange(plantId, before);
    for (const resolve of this.#awaiting.get(plantId) ?? []) resolve(route.bidder);
    this.#awaiting.delete(plantId);
  }

  #drop(plantId: string, link: Bidder, reason: string): void {
    const before = this.#best(plantId);
    this.#routes.drop(plantId, link);
    this.#tellChange(plantId, before, reason);
  }

  #dropAll(link: Bidder, reason: string): void {
    for (const plantId of this.#routes.plantsOf(link)) this.#drop(plantId, link, reason);
  }

  #best(plantId: string): Route | undefined {
    return this.#routes.of(plantId)[0];
  }

  #tellChange(plantId: string, before: Route | undefined, reason?: string): void {
    const after = this.#best(plantId);
    const route = after ?? before;
    if (before === after || !route) return;
    const change = before === undefined ? 'joined' : after === undefined ? 'left' : 'moved';
    const { version } = route.bidder.hello;
    const why = change === 'left' && reason !== undefined ? { reason } : {};
    this.#options.onChange({ change, role: 'plant', plantId, version, via: route.via, ...why });
  }
}
