/** The one way daemons talk. Kept small so that another transport (NATS) can stand behind it. */
import type { Rival } from '../schema/replies.ts';
import type { BidderEvents, BrokerApi, Hello, LinkApi, PlantApi } from './bidder.ts';

export interface CallOptions {
  /** The call fails with DEADLINE_EXCEEDED after this. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
  /** Brokers that the call has passed already, told to the next one. */
  readonly path?: readonly string[];
}

/**
 * A bidder as the side above sees it: one plant or broker that dialled up and said hello, or a plant behind a broker.
 */
export interface Bidder {
  readonly plantId: string;
  readonly hello: Hello;
  /** Throws what the bidder threw (a GridError), PLANT_LOST when the link ends first, DEADLINE_EXCEEDED, CANCELLED. */
  call<M extends keyof LinkApi>(
    method: M,
    request: Parameters<LinkApi[M]>[0],
    options: CallOptions,
  ): Promise<ReturnType<LinkApi[M]>>;
}

/** An upper end as the side below sees it. */
export interface LinkAbove {
  /** False when the event was not sent: the link is not open, or the upper end reads too slowly. */
  notify<E extends keyof BidderEvents>(event: E, value: BidderEvents[E]): boolean;
  /** Ends the connection, if there is one; whoever dialled dials anew. */
  reset(reason: string): void;
}

/** Notices of a link's upper end. */
export interface LinkListener {
  joined(bidder: Bidder): void;
  left(bidder: Bidder, reason: string): void;
  notified<E extends keyof BidderEvents>(bidder: Bidder, event: E, value: BidderEvents[E]): void;
  /** Any message at all, heartbeats included, arrived from the bidder. */
  heard(bidder: Bidder): void;
  /** Another of the same id came meanwhile, and was refused. */
  refused?(bidder: Bidder, rival: Rival): void;
  /** It did not answer when it was asked for a sign of life. */
  silent?(bidder: Bidder): void;
}

type Handlers<Methods extends { [M in keyof Methods]: (request: never) => unknown }> = {
  readonly [M in keyof Methods]: (
    request: Parameters<Methods[M]>[0],
    signal: AbortSignal,
  ) => Promise<ReturnType<Methods[M]>>;
};

/** What a plant puts behind its lower end. */
export type PlantHandlers = Handlers<PlantApi>;

/** What a broker puts there. */
export type BrokerHandlers = Handlers<Pick<PlantApi, 'estimate'> & BrokerApi>;

export type BidderHandlers = PlantHandlers | BrokerHandlers;
