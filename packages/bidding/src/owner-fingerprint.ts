import { hash53 } from './hash32.ts';

/** Returns what plants publish instead of an owner's name: up to 53 bits, as digits and letters. */
export const ownerFingerprint = (owner: string): string => hash53(`owner ${owner}`).toString(36);
