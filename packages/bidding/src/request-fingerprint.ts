import { hash32 } from './hash32.ts';

/**
 * Returns what a plant publishes instead of the id of a request that it has a VM of. 32 bits are enough to know the few
 * plants to ask, and reveal nothing to someone who does not know the id.
 */
export const requestFingerprint = (requestId: string): number => hash32(requestId);
