import type { ClassAdJson } from '../schema/replies.ts';
import { GridError } from './grid-error.ts';

/** For a create that is repeated after its VM has gone. `ad`: of that VM. */
export function requestSpent(requestId: string, { VmId: vmId, Plant: plantId }: ClassAdJson): GridError {
  const message = `the request ${requestId} made the VM ${String(vmId)}, which is destroyed`;
  return new GridError('REQUEST_SPENT', message, { requestId, vmId, plantId });
}
