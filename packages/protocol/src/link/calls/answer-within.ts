import { BROKER_LIMITS } from '../../limits.ts';

/** Returns how much of the caller's waiting time a broker may use, so that its answer arrives in time. */
export function answerWithin(callerWaitsMs: number): number {
  const { answerMarginShare, answerMarginMinMs, answerMarginMaxMs } = BROKER_LIMITS;
  const marginMs = Math.min(Math.max(callerWaitsMs * answerMarginShare, answerMarginMinMs), answerMarginMaxMs);
  return Math.max(callerWaitsMs - marginMs, callerWaitsMs / 2);
}
