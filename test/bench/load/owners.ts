/** The clients: owners with tokens of their own, and their quotas. */
import { Access, localTokenFile, readTokenFile } from '@vmgrid/access';

const OWNERS = 50;

export const ownerNames = (): string[] => Array.from({ length: OWNERS }, (_, number) => `owner-${number}`);

/** More than the bench asks for: each is looked at, none refuses. */
export const QUOTAS = {
  default: { vms: 100_000, memoryMiB: 1e9, diskMiB: 1e9, lease: 'P1D', actions: 100, requestsPerSecond: 1e6 },
} as const;

/** A token of each owner; without owners that of the operator. The folder gets what is not in it yet. */
export function makeTokens(accessDirectory: string, owners: readonly string[]): readonly string[] {
  const access = Access.open(accessDirectory);
  try {
    if (owners.length === 0) return [readTokenFile(localTokenFile(accessDirectory))!];
    return owners.map((owner) => access.tokens.create({ name: owner, owner, roles: ['user'] }));
  } finally {
    access.close();
  }
}
