/** What a broker is asked beside the request, and what it answers to a call for bids. */
import { type Static, Type } from 'typebox';
import { BROKER_LIMITS } from '../limits.ts';
import { Bid, Decline } from './bids.ts';
import { PlantId } from './requests.ts';
import { AuctionSummary, ClosedBy, TrailAnswer, TrailBroker, TrailRemoval } from './trail.ts';

const closed = { additionalProperties: false } as const;

/** A plant that may win only when no other does, until a time: what the caller knows of its failures. */
export const PlantBackoff = Type.Object(
  {
    plantId: PlantId,
    failures: Type.Integer({ minimum: 1 }),
    lastCode: Type.String(),
    /** Milliseconds since the epoch. */
    backoffUntil: Type.Number(),
  },
  closed,
);
export type PlantBackoff = Static<typeof PlantBackoff>;

/**
 * All that the rules depend on beside request and bids, so that every broker applies them as the shop does. Whoever
 * calls for bids passes them on to brokers unchanged, but for the time left and the path.
 */
export const CallTerms = Type.Object(
  {
    /** When the shop opened the auction: the time that `requirements` and `rank` see. */
    openedAt: Type.String({ format: 'date-time' }),
    /** How long the broker may take to answer. */
    windowMs: Type.Number({ exclusiveMinimum: 0 }),
    /** How many bids are wanted, the best first. */
    best: Type.Integer({ minimum: 1, maximum: BROKER_LIMITS.bids }),
    /** By what the best is found. */
    order: Type.Union([Type.Literal('cheapest'), Type.Literal('soonest')]),
    inBackoff: Type.Array(PlantBackoff, { maxItems: BROKER_LIMITS.inBackoff }),
    /** Brokers that the call has passed: none is asked twice. */
    path: Type.Array(PlantId, { maxItems: BROKER_LIMITS.hops }),
  },
  closed,
);
export type CallTerms = Static<typeof CallTerms>;

/** The best bids of a broker's plants, by the same rules as the shop's, and what became of the others. */
export const BrokerBids = Type.Object(
  {
    kind: Type.Literal('bids'),
    /** The broker's own id. */
    plantId: PlantId,
    bids: Type.Array(Bid, { maxItems: BROKER_LIMITS.bids }),
    /** Of each code those that lack least. */
    declines: Type.Array(Decline),
    closedBy: ClosedBy,
    summary: AuctionSummary,
    /** Of the plants whose bids and declines are here, and of some that gave none. */
    answers: Type.Array(TrailAnswer),
    /** Of each rule, and each set of conditions, one that missed least. */
    removed: Type.Array(TrailRemoval),
    /** The brokers asked below. */
    brokers: Type.Array(TrailBroker),
  },
  closed,
);
export type BrokerBids = Static<typeof BrokerBids>;
