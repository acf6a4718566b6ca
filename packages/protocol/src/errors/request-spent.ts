import type { ClassAdJson } from '../schema/replies.ts';
import { GridError } from './grid-error.ts';

/** Makes the error for a create that is repeated after its VM was destroyed. `ad`: the ad of that VM. */
export function requestSpent(requestId: string, { VmId: vmId, Plant: plantId }: ClassAdJson): GridError {
  const message = `the request ${requestId} made the VM ${String(vmId)}, which is destroyed`;
  return new GridError('REQUEST_SPENT', message, { requestId, vmId, plantId });
}
