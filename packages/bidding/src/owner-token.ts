import { scatterWide } from './scatter.ts';

/** What plants publish of the name of an owner: up to 53 bits, in digits and letters. */
export const ownerToken = (owner: string): string => scatterWide(`owner ${owner}`).toString(36);
