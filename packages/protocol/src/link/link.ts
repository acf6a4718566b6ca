/** The one way daemons talk. Kept small so that another transport (NATS) can stand behind it. */
import type { BidderEvents, BidderMethods, Hello } from './bidder.ts';

export interface CallOptions {
  /** The call fails with DEADLINE_EXCEEDED after this. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
}

/** A bidder as the side above sees it: one plant or broker that dialled up and said hello. */
export interface Bidder {
  readonly plantId: string;
  readonly hello: Hello;
  /** Throws what the bidder threw (a GridError), PLANT_LOST when the link ends first, DEADLINE_EXCEEDED, CANCELLED. */
  call<M extends keyof BidderMethods>(
    method: M,
    request: Parameters<BidderMethods[M]>[0],
    options: CallOptions,
  ): Promise<ReturnType<BidderMethods[M]>>;
}

/** Notices of a link's upper end. */
export interface LinkListener {
  joined(bidder: Bidder): void;
  left(bidder: Bidder, reason: string): void;
  notified<E extends keyof BidderEvents>(bidder: Bidder, event: E, value: BidderEvents[E]): void;
  /** Any message at all, heartbeats included, arrived from the bidder. */
  heard(bidder: Bidder): void;
}

/** What a bidder puts behind its lower end. */
export type BidderHandlers = {
  [M in keyof BidderMethods]: (
    request: Parameters<BidderMethods[M]>[0],
    signal: AbortSignal,
  ) => Promise<ReturnType<BidderMethods[M]>>;
};
