import { hash53 } from './hash32.ts';

/** What plants publish of the name of an owner: up to 53 bits, in digits and letters. */
export const ownerFingerprint = (owner: string): string => hash53(`owner ${owner}`).toString(36);
