/** Decides whether a principal may ask an operation. Pure. */
import { type Caller, GridError, sees } from '@vmgrid/protocol';
import { GRANTS, type GridOperation, type Reach } from './grants.ts';
import type { Principal } from './principal.ts';

/** Returns the objects on which a principal may ask an operation; undefined when there are none. */
export function reachOf({ roles }: Pick<Principal, 'roles'>, operation: GridOperation): Reach | undefined {
  const grant: Readonly<Record<string, Reach | undefined>> = GRANTS[operation];
  const reaches = roles.map((role) => grant[role]);
  return reaches.includes('all') ? 'all' : reaches.includes('own') ? 'own' : undefined;
}

/** Whether a principal may ask an operation on an object; without an object, whether it may on any. */
export function may(
  principal: Pick<Principal, 'owner' | 'roles'>,
  operation: GridOperation,
  object?: { readonly owner?: string },
): boolean {
  const reach = reachOf(principal, operation);
  if (reach === undefined) return false;
  return object === undefined || sees({ owner: principal.owner, sees: reach }, object.owner);
}

/**
 * Returns the caller, if it may call. An object that is out of its reach is then not found, so that nobody learns that
 * it exists.
 * @throws GridError FORBIDDEN when its roles do not include the operation at all
 */
export function authorize(principal: Principal, operation: GridOperation): Caller {
  const reach = reachOf(principal, operation);
  if (reach !== undefined) return { owner: principal.owner, sees: reach };
  const roles = principal.roles.join(', ') || 'none';
  const allowed = Object.keys(GRANTS[operation]).join(', ');
  const message = `${operation} is for the roles ${allowed}; ${principal.owner} has ${roles}`;
  throw new GridError('FORBIDDEN', message, { operation, roles: principal.roles });
}
