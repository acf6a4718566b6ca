import { GridError } from './grid-error.ts';

/**
 * Makes the error for a caller who sees all requests, and names one by an id that several owners have used. An owner
 * that is undefined stands for requests without one.
 */
export function requestAmbiguous(requestId: string, owners: readonly (string | undefined)[]): GridError {
  const names = owners.map((owner) => owner ?? 'nobody').sort();
  const message = `${names.length} owners have a request ${requestId}: ${names.join(', ')}`;
  return new GridError('REQUEST_AMBIGUOUS', message, { requestId, owners: names });
}
