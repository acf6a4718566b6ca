/** The parameters of a call to a broker besides the request, and its answer to a call for bids. */
import { type Static, Type } from 'typebox';
import { BROKER_LIMITS } from '../../limits.ts';
import { Bid, Decline } from '../bids.ts';
import { PlantId } from '../requests.ts';
import { AuctionSummary, ClosedBy, TrailAnswer, TrailBroker, TrailRemoval } from '../trail.ts';

const closed = { additionalProperties: false } as const;

/** A plant that wins only when no other can, until a given time, because the caller knows that it failed. */
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
 * Everything that the rules depend on besides request and bids, so that every broker applies them as the shop does.
 * Callers pass them to brokers unchanged, except for the time left and the path.
 */
export const CallTerms = Type.Object(
  {
    /** When the shop opened the auction: the current time of `requirements` and `rank`. */
    openedAt: Type.String({ format: 'date-time' }),
    /** How long the broker may take to answer. */
    windowMs: Type.Number({ exclusiveMinimum: 0 }),
    /** How many bids are wanted, the best ones first. */
    best: Type.Integer({ minimum: 1, maximum: BROKER_LIMITS.bids }),
    /** Which bids are best. */
    order: Type.Union([Type.Literal('cheapest'), Type.Literal('soonest')]),
    inBackoff: Type.Array(PlantBackoff, { maxItems: BROKER_LIMITS.inBackoff }),
    /** Brokers that the call has passed: none is asked twice. */
    path: Type.Array(PlantId, { maxItems: BROKER_LIMITS.hops }),
  },
  closed,
);
export type CallTerms = Static<typeof CallTerms>;

/** The best bids of a broker's plants, by the same rules as the shop's, and what happened to the others. */
export const BrokerBids = Type.Object(
  {
    kind: Type.Literal('bids'),
    /** The broker's own id. */
    plantId: PlantId,
    bids: Type.Array(Bid, { maxItems: BROKER_LIMITS.bids }),
    /** For each code, the declines with the smallest shortfall. */
    declines: Type.Array(Decline),
    closedBy: ClosedBy,
    summary: AuctionSummary,
    /** Answers of the plants whose bids and declines are included, and of some that gave none. */
    answers: Type.Array(TrailAnswer),
    /** For each rule, and each set of conditions, a removed bid that missed by the least. */
    removed: Type.Array(TrailRemoval),
    /** The brokers below that were asked. */
    brokers: Type.Array(TrailBroker),
  },
  closed,
);
export type BrokerBids = Static<typeof BrokerBids>;
