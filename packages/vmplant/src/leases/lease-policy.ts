/** How long a plant lets VMs live. Pure. */
import { GridError, parseDuration } from '@vmgrid/protocol';
import type { PlantConfig } from '../config.ts';
import type { VmRecord } from '../vms/vm.ts';

/** Returns the milliseconds of the lease that is granted for the requested one. @throws GridError LEASE_TOO_LONG */
export function grantLease(lease: string | undefined, limits: PlantConfig['lease']): number {
  const { maximum } = limits;
  const leaseMs = parseDuration(lease ?? limits.default);
  if (leaseMs <= parseDuration(maximum)) return leaseMs;
  throw new GridError('LEASE_TOO_LONG', `the lease is ${lease}, this plant grants at most ${maximum}`, {
    lease,
    maximum,
  });
}

/** Returns what to do with a VM whose lease has ended. A VM that is suspended already is destroyed. */
export const atLeaseEnd = ({ atLeaseEnd, state }: Pick<VmRecord, 'atLeaseEnd' | 'state'>): 'suspend' | 'collect' =>
  atLeaseEnd === 'suspend' && state === 'running' ? 'suspend' : 'collect';
