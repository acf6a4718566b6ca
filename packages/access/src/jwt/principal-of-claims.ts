import { GridError, OwnerName, validate } from '@vmgrid/protocol';
import type { Principal } from '../principal.ts';
import type { Role } from '../roles.ts';
import type { JwtConfig } from './jwt-config.ts';

/**
 * Returns the principal that the claims of a verified token describe. Pure. @throws GridError UNAUTHENTICATED when they
 * name no owner
 */
export function principalOfClaims(
  claims: Readonly<Record<string, unknown>>,
  { ownerClaim, ownerPrefix, rolesClaim, roles, defaultRoles }: JwtConfig,
): Principal {
  const named = claims[ownerClaim];
  if (typeof named !== 'string') {
    throw new GridError('UNAUTHENTICATED', `the token has no text in its claim ${ownerClaim}`);
  }
  const subject = `claim ${ownerClaim}`;
  const owner = validate(OwnerName, `${ownerPrefix}${named}`, { code: 'UNAUTHENTICATED', subject });
  const granted = [claimAt(claims, rolesClaim)].flat().flatMap((name): Role[] => {
    const role = typeof name === 'string' && Object.hasOwn(roles, name) ? roles[name] : undefined;
    return role === undefined ? [] : [role];
  });
  return { owner, roles: [...new Set([...defaultRoles, ...granted])], credential: 'jwt' };
}

/**
 * Returns the claim of this name, or else the claim at this path. Points separate the parts of a path, and a part may
 * contain points itself.
 */
function claimAt(claims: unknown, path: string): unknown {
  if (typeof claims !== 'object' || claims === null) return undefined;
  if (Object.hasOwn(claims, path)) return claims[path as keyof typeof claims];
  const names = Object.keys(claims).filter((name) => path.startsWith(`${name}.`));
  const found = names.map((name) => claimAt(claims[name as keyof typeof claims], path.slice(name.length + 1)));
  return found.find((value) => value !== undefined);
}
