import { GridError } from './grid-error.ts';

/** For work that was cancelled, and for a create that is asked for again afterwards. */
export function requestCancelled(requestId: string): GridError {
  return new GridError('REQUEST_CANCELLED', `the request ${requestId} was cancelled`, { requestId });
}
