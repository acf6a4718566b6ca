/** Replies to clients. */
import { type Static, Type } from 'typebox';
import { TOLD_LIMITS } from '../limits.ts';
import { Bid, Decline } from './bids.ts';
import { OwnerName } from './caller.ts';
import { Next } from './pages.ts';
import { PlantId, RequestId, VmId } from './requests.ts';
import { AuctionSummary, Trail, Via } from './trail.ts';

const closed = { additionalProperties: false } as const;
const Timestamp = Type.String({ format: 'date-time' });

/** A ClassAd in HTCondor's JSON form. */
export const ClassAdJson = Type.Record(Type.String(), Type.Unknown());
export type ClassAdJson = Static<typeof ClassAdJson>;

export const ErrorReply = Type.Object(
  {
    error: Type.Object(
      {
        code: Type.String(),
        message: Type.String(),
        remedy: Type.String(),
        retryable: Type.Boolean(),
        details: Type.Record(Type.String(), Type.Unknown()),
      },
      closed,
    ),
    requestId: Type.Optional(RequestId),
  },
  closed,
);
export type ErrorReply = Static<typeof ErrorReply>;

/** Reply to a request about one VM: the VM's classad; for create also the trail of the auction. */
export const VmReply = Type.Object(
  { requestId: Type.Optional(RequestId), vm: ClassAdJson, trail: Type.Optional(Trail) },
  closed,
);
export type VmReply = Static<typeof VmReply>;

export const ListReply = Type.Object(
  {
    vms: Type.Array(ClassAdJson),
    /** Plants that gave no answer. The list has their VMs as they last reported them, with `PlantReached = false`. */
    silentPlants: Type.Array(PlantId),
    next: Next,
  },
  closed,
);
export type ListReply = Static<typeof ListReply>;

export const EstimateReply = Type.Object(
  {
    requestId: RequestId,
    bids: Type.Array(Bid),
    declines: Type.Array(Decline),
    trail: Trail,
    /** Plants that were not asked, because they are known but absent. Left out when there are none. */
    silentPlants: Type.Optional(Type.Array(PlantId, { minItems: 1 })),
  },
  closed,
);
export type EstimateReply = Static<typeof EstimateReply>;

/** Past auctions, the newest first. */
export const AuctionListReply = Type.Object(
  {
    auctions: Type.Array(
      Type.Object(
        {
          auctionId: Type.String(),
          requestId: RequestId,
          openedAt: Timestamp,
          closedAfterMs: Type.Number({ minimum: 0 }),
          summary: AuctionSummary,
          /** The plant that took the award; left out when none did, or when there was no award. */
          winner: Type.Optional(PlantId),
        },
        closed,
      ),
    ),
    next: Next,
  },
  closed,
);
export type AuctionListReply = Static<typeof AuctionListReply>;

/** One step of long work, sent as it happens. */
export const ProgressEvent = Type.Object(
  {
    requestId: RequestId,
    /** The owner of the request. */
    owner: Type.Optional(OwnerName),
    at: Timestamp,
    /**
     * Phase of the work: `auction`, `overlay`, `restore`, `boot`, `agent`, `identity`, `action`, `suspend`, `promote` …
     */
    phase: Type.String({ maxLength: 64 }),
    state: Type.Union([Type.Literal('started'), Type.Literal('done'), Type.Literal('failed')]),
    /** For an action its id; otherwise the object of the work. */
    subject: Type.Optional(Type.String({ maxLength: 256 })),
    elapsedMs: Type.Optional(Type.Number({ minimum: 0 })),
  },
  closed,
);
export type ProgressEvent = Static<typeof ProgressEvent>;

/** An event of a VM, as its plant reports it: another state, or a lease that ends soon. */
export const VmEvent = Type.Object(
  {
    event: Type.Union([Type.Literal('state'), Type.Literal('lease-ending')]),
    vmId: VmId,
    /** The owner of the VM. */
    owner: Type.Optional(OwnerName),
    plantId: PlantId,
    at: Timestamp,
    state: Type.String({ maxLength: 32 }),
    /** The failure of the VM, or of its destruction DAG, with its code. */
    reason: Type.Optional(Type.String({ maxLength: TOLD_LIMITS.reasonChars })),
    leaseEndsAt: Timestamp,
  },
  closed,
);
export type VmEvent = Static<typeof VmEvent>;

/** State of a request that is, or was, in progress: `202 Accepted` points to it. */
export const OperationReply = Type.Object(
  {
    requestId: RequestId,
    verb: Type.String(),
    state: Type.Union([Type.Literal('running'), Type.Literal('done'), Type.Literal('failed')]),
    progress: Type.Array(ProgressEvent),
    result: Type.Optional(Type.Unknown()),
    error: Type.Optional(ErrorReply.properties.error),
  },
  closed,
);
export type OperationReply = Static<typeof OperationReply>;

/** A bidder that wanted the id of another and was refused. */
export const Rival = Type.Object({ address: Type.String({ maxLength: 128 }), at: Timestamp }, closed);
export type Rival = Static<typeof Rival>;

/** A plant as the shop or broker above it knows it. */
export const PlantReply = Type.Object(
  {
    plantId: PlantId,
    version: Type.String(),
    ad: ClassAdJson,
    connectedAt: Timestamp,
    /** When anything last arrived over its link, heartbeats included. */
    lastWordAt: Timestamp,
    /** The last bidder that also wanted this id. */
    rival: Type.Optional(Rival),
    /** Brokers between shop and plant; left out for a plant with a direct link. */
    via: Type.Optional(Via),
  },
  closed,
);
export type PlantReply = Static<typeof PlantReply>;

/** A broker that dialled up to the shop. */
export const BrokerReply = Type.Object(
  {
    brokerId: PlantId,
    version: Type.String(),
    ad: ClassAdJson,
    connectedAt: Timestamp,
    lastWordAt: Timestamp,
    rival: Type.Optional(Rival),
    /** Plants reached through it, at any depth. */
    plants: Type.Integer({ minimum: 0 }),
  },
  closed,
);
export type BrokerReply = Static<typeof BrokerReply>;

export const PlantListReply = Type.Object(
  {
    plants: Type.Array(PlantReply),
    brokers: Type.Array(BrokerReply),
    /** Plants that are known and absent, or connected through a broker that did not answer. */
    silentPlants: Type.Array(PlantId),
    next: Next,
  },
  closed,
);
export type PlantListReply = Static<typeof PlantListReply>;

/** A plant or broker that came, went, or is now reached in another way. */
export const PlantEvent = Type.Object(
  {
    at: Timestamp,
    event: Type.Union([Type.Literal('joined'), Type.Literal('moved'), Type.Literal('left')]),
    role: Type.Union([Type.Literal('plant'), Type.Literal('broker')]),
    plantId: PlantId,
    version: Type.String(),
    /** Brokers between shop and plant; for a plant that left, those of its last connection. */
    via: Type.Optional(Via),
    /** Why it left. */
    reason: Type.Optional(Type.String()),
  },
  closed,
);
export type PlantEvent = Static<typeof PlantEvent>;

/** One reply of any kind, as the endpoints for XML give it. */
export type Reply =
  | { readonly kind: 'vm'; readonly body: VmReply }
  | { readonly kind: 'vms'; readonly body: ListReply }
  | { readonly kind: 'estimate'; readonly body: EstimateReply }
  | { readonly kind: 'operation'; readonly body: OperationReply }
  | { readonly kind: 'error'; readonly body: ErrorReply };
