/** The quota of one owner. */
import { perOwner } from '@vmgrid/access';
import { Duration } from '@vmgrid/dag';
import { REQUEST_LIMITS } from '@vmgrid/protocol';
import { type Static, Type } from 'typebox';

const closed = { additionalProperties: false } as const;

/** A field that is left out is not limited. */
export const Quota = Type.Object(
  {
    vms: Type.Optional(
      Type.Integer({
        minimum: 0,
        description: 'VMs at the same time, on all plants. Those that are suspended or being made count.',
      }),
    ),
    memoryMiB: Type.Optional(Type.Integer({ minimum: 0, description: "Memory of all the owner's VMs together." })),
    diskMiB: Type.Optional(Type.Integer({ minimum: 0, description: "Disks of all the owner's VMs together." })),
    filesMiB: Type.Optional(Type.Integer({ minimum: 0, description: 'Uploaded files of the owner together.' })),
    lease: Type.Optional(
      Type.Unsafe<string>({
        ...Duration,
        description: 'Longest lease that is granted or renewed, and the lease of a request that names none.',
      }),
    ),
    actions: Type.Optional(Type.Integer({ minimum: 0, description: 'Actions of one DAG.' })),
    bodyBytes: Type.Optional(
      Type.Integer({ minimum: 1, maximum: REQUEST_LIMITS.bodyBytes, description: 'Length of one document.' }),
    ),
    requestsPerSecond: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        description: 'Requests per second, of any kind, at all endpoints of this shop together.',
      }),
    ),
  },
  {
    ...closed,
    description: 'Limits of each owner for whom `owners` says nothing else. What is left out is not limited.',
  },
);
export type Quota = Static<typeof Quota>;

export const Quotas = perOwner(Quota, 'What owners may have and ask for. Left out: as much as plants give.');
export type Quotas = Static<typeof Quotas>;
