/** Whether what an owner asks for is within its quota. Pure. */
import type { Usage } from '@vmgrid/market';
import { type ErrorCode, GridError, parseDuration } from '@vmgrid/protocol';
import type { Quota } from './quota.ts';

const KINDS = [
  { field: 'vms', code: 'QUOTA_VMS', unit: 'VMs' },
  { field: 'memoryMiB', code: 'QUOTA_MEMORY', unit: 'MiB of memory' },
  { field: 'diskMiB', code: 'QUOTA_DISK', unit: 'MiB of disk' },
] as const satisfies readonly { field: keyof Usage; code: ErrorCode; unit: string }[];

export interface UseAndWish {
  readonly used: Usage;
  /** What comes to it. */
  readonly wanted: Usage;
}

/** One more machine beside what the owner has. @throws GridError QUOTA_VMS, QUOTA_MEMORY, QUOTA_DISK */
export function requireRoom(owner: string, quota: Quota, { used, wanted }: UseAndWish): void {
  for (const { field, code, unit } of KINDS) {
    const limit = quota[field];
    if (limit === undefined || used[field] + wanted[field] <= limit) continue;
    const message = `${owner} has ${used[field]} ${unit} and asks for ${wanted[field]} more; the quota is ${limit}`;
    throw new GridError(code, message, { owner, used: used[field], wanted: wanted[field], limit });
  }
}

/** @throws GridError QUOTA_LEASE */
export function requireLease(owner: string, { lease: limit }: Quota, lease: string | undefined): void {
  if (limit === undefined || lease === undefined || parseDuration(lease) <= parseDuration(limit)) return;
  throw new GridError('QUOTA_LEASE', `${owner} asks for a lease of ${lease}; the quota is ${limit}`, {
    owner,
    wanted: lease,
    limit,
  });
}

/** @throws GridError QUOTA_ACTIONS */
export function requireActions(
  owner: string,
  { actions: limit }: Quota,
  ...dags: readonly ({ readonly actions: readonly unknown[] } | undefined)[]
): void {
  const wanted = Math.max(0, ...dags.map((dag) => dag?.actions.length ?? 0));
  if (limit === undefined || wanted <= limit) return;
  throw new GridError('QUOTA_ACTIONS', `${owner} asks for a DAG of ${wanted} actions; the quota is ${limit}`, {
    owner,
    wanted,
    limit,
  });
}
