/** The quota of one owner. */
import { perOwner } from '@vmgrid/access';
import { Duration } from '@vmgrid/dag';
import { REQUEST_LIMITS } from '@vmgrid/protocol';
import { type Static, Type } from 'typebox';

const closed = { additionalProperties: false } as const;

/** A field that is left out is not limited. */
export const Quota = Type.Object(
  {
    /** VMs at the same time, on all plants; those that are suspended or being made are among them. */
    vms: Type.Optional(Type.Integer({ minimum: 0 })),
    /** The sum over all its VMs. */
    memoryMiB: Type.Optional(Type.Integer({ minimum: 0 })),
    diskMiB: Type.Optional(Type.Integer({ minimum: 0 })),
    /** Longest lease that is granted or renewed; what a request gets that names none. */
    lease: Type.Optional(Type.Unsafe<string>(Duration)),
    /** Actions of one DAG. */
    actions: Type.Optional(Type.Integer({ minimum: 0 })),
    /** The length of one document. Doors refuse longer documents than they take before this is looked at. */
    bodyBytes: Type.Optional(Type.Integer({ minimum: 1, maximum: REQUEST_LIMITS.bodyBytes })),
    /** Requests of any kind, at all doors of this shop together. */
    requestsPerSecond: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
  },
  closed,
);
export type Quota = Static<typeof Quota>;

export const Quotas = perOwner(Quota);
export type Quotas = Static<typeof Quotas>;
