/**
 * A plant's reports about its VMs to those above it: all of them when a link comes up, then each change. From them
 * shops count what owners have, and know where a VM is without asking.
 */
import { type Static, Type } from 'typebox';
import { TOLD_LIMITS } from '../../limits.ts';
import { OwnerName } from '../caller.ts';
import { PlantId, RequestId, VmId } from '../requests.ts';

const closed = { additionalProperties: false } as const;
const Count = Type.Integer({ minimum: 0 });
const Timestamp = Type.String({ format: 'date-time' });

/** A request that a plant has taken on, and its VM. A plant has at most one for each request key. */
export const ToldVm = Type.Object(
  {
    requestId: RequestId,
    owner: Type.Optional(OwnerName),
    /** Left out while the request waits for its turn and has no record yet. */
    vmId: Type.Optional(VmId),
    state: Type.String({ maxLength: 32 }),
    /** The failure of the VM, or of its destruction DAG, with its code. */
    reason: Type.Optional(Type.String({ maxLength: TOLD_LIMITS.reasonChars })),
    memoryMiB: Count,
    diskMiB: Count,
    leaseEndsAt: Type.Optional(Timestamp),
    /** Present when the VM is suspended, not destroyed, at the end of its lease. */
    atLeaseEnd: Type.Optional(Type.Literal('suspend')),
  },
  closed,
);
export type ToldVm = Static<typeof ToldVm>;

/**
 * The version of a plant's state. The one of the later run is newer; within a run, the one with the greater serial. So
 * it does not matter over how many ways a report arrives.
 */
const told = {
  plantId: PlantId,
  /** Number of the run of the plant's process; it is greater at each start. */
  run: Count,
  /** Number of the last change in this run. */
  serial: Count,
};

/** All VMs of a plant, in pages that follow each other on one link. */
export const VmsWhole = Type.Object(
  {
    kind: Type.Literal('whole'),
    ...told,
    page: Count,
    last: Type.Boolean(),
    vms: Type.Array(ToldVm, { maxItems: TOLD_LIMITS.vmsOfPage }),
  },
  closed,
);
export type VmsWhole = Static<typeof VmsWhole>;

/** A VM that is new or has changed, or whose lease ends soon. */
export const VmsChange = Type.Object(
  {
    kind: Type.Literal('change'),
    ...told,
    at: Timestamp,
    vm: ToldVm,
    leaseEnding: Type.Optional(Type.Literal(true)),
  },
  closed,
);
export type VmsChange = Static<typeof VmsChange>;

/** A request of which the plant has nothing left. */
export const VmsGone = Type.Object(
  { kind: Type.Literal('gone'), ...told, requestId: RequestId, owner: Type.Optional(OwnerName) },
  closed,
);
export type VmsGone = Static<typeof VmsGone>;

export const VmsEvent = Type.Union([VmsWhole, VmsChange, VmsGone]);
export type VmsEvent = Static<typeof VmsEvent>;

/** The events of one message, of one plant or many, in order. */
export const VmsEvents = Type.Array(VmsEvent, { minItems: 1, maxItems: TOLD_LIMITS.eventsOfMessage });
