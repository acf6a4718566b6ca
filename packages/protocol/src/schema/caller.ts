/** On whose behalf a call is made, and to whom a request belongs. */
import { type Static, Type } from 'typebox';

/** The owner of VMs and requests: a person, a portal, a batch system. */
export const OwnerName = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._@:|/+-]{0,127}$' });

/** The caller owns what it makes; it sees its own objects, or all. */
export const Caller = Type.Object(
  { owner: OwnerName, sees: Type.Union([Type.Literal('own'), Type.Literal('all')]) },
  { additionalProperties: false },
);
export type Caller = Static<typeof Caller>;

/** A call with its caller. A call without one has no owner, and sees objects without an owner. */
export type Called<T> = T & { readonly caller?: Caller };

/** Whether a caller may see an object with this owner. */
export const sees = (caller: Caller | undefined, owner: string | undefined): boolean =>
  caller?.sees === 'all' || caller?.owner === owner;

/** The full name of a request. Clients choose request ids, so each owner has its own. */
export interface RequestKey {
  readonly requestId: string;
  readonly owner?: string;
}

export const requestKey = ({ requestId, caller }: Called<{ readonly requestId: string }>): RequestKey =>
  caller === undefined ? { requestId } : { requestId, owner: caller.owner };

/** Returns equal texts for equal keys: a request id contains no space. */
export const keyText = ({ requestId, owner = '' }: RequestKey): string => `${requestId} ${owner}`;
