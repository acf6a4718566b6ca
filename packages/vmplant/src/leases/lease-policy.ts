/** How long a plant lets VMs live. Pure. */
import { GridError, parseDuration } from '@vmgrid/protocol';
import type { PlantConfig } from '../config.ts';
import type { VmRecord } from '../vms/vm.ts';

/** Milliseconds of the lease that is granted when this one is asked for. @throws GridError LEASE_TOO_LONG */
export function grantLease(lease: string | undefined, limits: PlantConfig['lease']): number {
  const { maximum } = limits;
  const leaseMs = parseDuration(lease ?? limits.default);
  if (leaseMs <= parseDuration(maximum)) return leaseMs;
  throw new GridError('LEASE_TOO_LONG', `the lease is ${lease}, this plant grants at most ${maximum}`, {
    lease,
    maximum,
  });
}

/** What is done with a VM whose lease has ended. One that is suspended already has had its time. */
export const atLeaseEnd = ({ atLeaseEnd, state }: Pick<VmRecord, 'atLeaseEnd' | 'state'>): 'suspend' | 'collect' =>
  atLeaseEnd === 'suspend' && state === 'running' ? 'suspend' : 'collect';
