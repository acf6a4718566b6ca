/**
 * What a plant tells of its VMs to those above it: all of them when a link comes up, then each change. Shops count by
 * it what owners have, and know where a VM is without asking.
 */
import { type Static, Type } from 'typebox';
import { TOLD_LIMITS } from '../limits.ts';
import { OwnerName } from './caller.ts';
import { PlantId, RequestId, VmId } from './requests.ts';

const closed = { additionalProperties: false } as const;
const Count = Type.Integer({ minimum: 0 });
const Timestamp = Type.String({ format: 'date-time' });

/** One request that a plant has taken on, and the VM that came of it. A plant has one at most for each request key. */
export const ToldVm = Type.Object(
  {
    requestId: RequestId,
    owner: Type.Optional(OwnerName),
    /** Left out while the request waits for its turn and has no record yet. */
    vmId: Type.Optional(VmId),
    state: Type.String({ maxLength: 32 }),
    /** What failed, with its code: of the VM, or of its destruction DAG. */
    reason: Type.Optional(Type.String({ maxLength: TOLD_LIMITS.reasonChars })),
    memoryMiB: Count,
    diskMiB: Count,
    leaseEndsAt: Type.Optional(Timestamp),
    /** Present when the end of the lease does not take the VM away but suspends it. */
    atLeaseEnd: Type.Optional(Type.Literal('suspend')),
  },
  closed,
);
export type ToldVm = Static<typeof ToldVm>;

/**
 * Which state of a plant is told. Of two, the one of the later run is newer, and in one run that with the greater
 * serial: so it does not matter over how many ways it comes.
 */
const told = {
  plantId: PlantId,
  /** Number of the run of the plant's process, greater at each start. */
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

/** A VM that is new or has changed, or whose lease will end soon. */
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

/** A request of which the plant has nothing any more. */
export const VmsGone = Type.Object(
  { kind: Type.Literal('gone'), ...told, requestId: RequestId, owner: Type.Optional(OwnerName) },
  closed,
);
export type VmsGone = Static<typeof VmsGone>;

export const VmsEvent = Type.Union([VmsWhole, VmsChange, VmsGone]);
export type VmsEvent = Static<typeof VmsEvent>;

/** What one message tells, of one plant or many, in order. */
export const VmsEvents = Type.Array(VmsEvent, { minItems: 1, maxItems: TOLD_LIMITS.eventsOfMessage });
