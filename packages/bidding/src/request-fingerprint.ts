import { hash32 } from './hash32.ts';

/**
 * What a plant publishes of the id of a request that it has a VM of: 32 bits are enough to know which few plants to
 * ask, and say nothing to who does not know the id.
 */
export const requestFingerprint = (requestId: string): number => hash32(requestId);
