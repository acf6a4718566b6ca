import type { VmEvent } from '@vmgrid/protocol';
import type { VmRecord } from './vm.ts';

/** What those above are told of a VM. `now`: milliseconds since the epoch. */
export const vmEvent = (
  event: VmEvent['event'],
  { vmId, owner, state, leaseEndsAt }: VmRecord,
  plantId: string,
  now: number,
): VmEvent => ({
  ...{ event, vmId, plantId, at: new Date(now).toISOString(), state, leaseEndsAt },
  ...(owner === undefined ? {} : { owner }),
});
