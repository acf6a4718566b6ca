/** On whose behalf a call is made, and whose request it is. */
import { type Static, Type } from 'typebox';

/** Whom VMs and requests belong to: a person, a portal, a batch system. */
export const OwnerName = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._@:|/+-]{0,127}$' });

/** What it makes is its owner's; of what there is it sees its own, or all. */
export const Caller = Type.Object(
  { owner: OwnerName, sees: Type.Union([Type.Literal('own'), Type.Literal('all')]) },
  { additionalProperties: false },
);
export type Caller = Static<typeof Caller>;

/** A call of a caller. Without one it is nobody's, who sees what is nobody's. */
export type Called<T> = T & { readonly caller?: Caller };

/** Whether a caller may know of a thing with this owner. */
export const sees = (caller: Caller | undefined, owner: string | undefined): boolean =>
  caller?.sees === 'all' || caller?.owner === owner;

/** A request by its full name: request ids are chosen by clients, so each owner's are its own. */
export interface RequestKey {
  readonly requestId: string;
  readonly owner?: string;
}

export const requestKey = ({ requestId, caller }: Called<{ readonly requestId: string }>): RequestKey =>
  caller === undefined ? { requestId } : { requestId, owner: caller.owner };

/** Equal for keys that are equal: a request id has no space. */
export const keyText = ({ requestId, owner = '' }: RequestKey): string => `${requestId} ${owner}`;
