/** What one owner may have and ask for. */
import { Duration } from '@vmgrid/dag';
import { OwnerName } from '@vmgrid/protocol';
import { type Static, Type } from 'typebox';

const closed = { additionalProperties: false } as const;

/** What is left out is not limited. */
export const Quota = Type.Object(
  {
    /** VMs at the same time, on all plants; those that are suspended or being made are among them. */
    vms: Type.Optional(Type.Integer({ minimum: 0 })),
    /** Of all its VMs together. */
    memoryMiB: Type.Optional(Type.Integer({ minimum: 0 })),
    diskMiB: Type.Optional(Type.Integer({ minimum: 0 })),
    /** Longest lease that is granted or renewed; what a request gets that names none. */
    lease: Type.Optional(Type.Unsafe<string>(Duration)),
    /** Actions of one DAG. */
    actions: Type.Optional(Type.Integer({ minimum: 0 })),
    /** Requests of any kind, at all doors of this shop together. */
    requestsPerSecond: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
  },
  closed,
);
export type Quota = Static<typeof Quota>;

export const Quotas = Type.Object(
  {
    /** Of each owner that has none of its own, and of what its own leaves out. */
    default: Type.Optional(Quota),
    owners: Type.Optional(Type.Record(OwnerName, Quota)),
  },
  closed,
);
export type Quotas = Static<typeof Quotas>;

export const quotaOf = (quotas: Quotas, owner: string): Quota => ({
  ...quotas.default,
  ...(Object.hasOwn(quotas.owners ?? {}, owner) ? quotas.owners![owner] : {}),
});
