/** The only way in which daemons talk to each other. It is small, so that another transport (NATS) can implement it. */
import type { Rival } from '../schema/replies.ts';
import type { BidderEvents, BrokerApi, Hello, LinkApi, PlantApi } from './bidder.ts';

export interface CallOptions {
  /** Milliseconds after which the call fails with DEADLINE_EXCEEDED. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
  /** Brokers that the call has passed already; the next broker is told. */
  readonly path?: readonly string[];
}

/**
 * A bidder as the side above sees it: one plant or broker that dialled up and said hello, or a plant behind a broker.
 */
export interface Bidder {
  readonly plantId: string;
  readonly hello: Hello;
  /**
   * Throws the GridError that the bidder threw, PLANT_LOST when the link ends first, DEADLINE_EXCEEDED, or CANCELLED.
   */
  call<M extends keyof LinkApi>(
    method: M,
    request: Parameters<LinkApi[M]>[0],
    options: CallOptions,
  ): Promise<ReturnType<LinkApi[M]>>;
}

/** An upper end as the side below sees it. */
export interface LinkAbove {
  /** Returns false when the event was not sent: the link is not open, or the upper end reads too slowly. */
  notify<E extends keyof BidderEvents>(event: E, value: BidderEvents[E]): boolean;
  /** Ends the connection, if there is one; the end that dialled it dials again. */
  reset(reason: string): void;
}

/** Events at the upper end of links. */
export interface LinkListener {
  joined(bidder: Bidder): void;
  left(bidder: Bidder, reason: string): void;
  notified<E extends keyof BidderEvents>(bidder: Bidder, event: E, value: BidderEvents[E]): void;
  /** Any message at all, heartbeats included, arrived from the bidder. */
  heard(bidder: Bidder): void;
  /** Another bidder with the same id came meanwhile and was refused. */
  refused?(bidder: Bidder, rival: Rival): void;
  /** The bidder did not answer a ping. */
  silent?(bidder: Bidder): void;
}

type Handlers<Methods extends { [M in keyof Methods]: (request: never) => unknown }> = {
  readonly [M in keyof Methods]: (
    request: Parameters<Methods[M]>[0],
    signal: AbortSignal,
  ) => Promise<ReturnType<Methods[M]>>;
};

/** The handlers of a plant's lower end. */
export type PlantHandlers = Handlers<PlantApi>;

/** The handlers of a broker's lower end. */
export type BrokerHandlers = Handlers<Pick<PlantApi, 'estimate'> & BrokerApi>;

export type BidderHandlers = PlantHandlers | BrokerHandlers;
