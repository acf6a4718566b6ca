import { GridError, OwnerName, validate } from '@vmgrid/protocol';
import type { Principal } from '../principal.ts';
import type { Role } from '../roles.ts';
import type { JwtConfig } from './jwt-config.ts';

/** Who the claims of a verified token say somebody is. Pure. @throws GridError UNAUTHENTICATED when they name no owner */
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
  const granted = [claims[rolesClaim]].flat().flatMap((name): Role[] => {
    const role = typeof name === 'string' && Object.hasOwn(roles, name) ? roles[name] : undefined;
    return role === undefined ? [] : [role];
  });
  return { owner, roles: [...new Set([...defaultRoles, ...granted])], credential: 'jwt' };
}
