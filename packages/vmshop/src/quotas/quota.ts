/** What one owner may have and ask for. */
import { perOwner } from '@vmgrid/access';
import { Duration } from '@vmgrid/dag';
import { REQUEST_LIMITS } from '@vmgrid/protocol';
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
    /** Of one document; what is longer than any door takes is refused before. */
    bodyBytes: Type.Optional(Type.Integer({ minimum: 1, maximum: REQUEST_LIMITS.bodyBytes })),
    /** Requests of any kind, at all doors of this shop together. */
    requestsPerSecond: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
  },
  closed,
);
export type Quota = Static<typeof Quota>;

export const Quotas = perOwner(Quota);
export type Quotas = Static<typeof Quotas>;
