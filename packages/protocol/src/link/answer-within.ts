import { BROKER_LIMITS } from '../limits.ts';

/** Of the time a caller waits, what a broker may use, so that its answer is back in time. */
export function answerWithin(callerWaitsMs: number): number {
  const { answerMarginShare, answerMarginMinMs, answerMarginMaxMs } = BROKER_LIMITS;
  const marginMs = Math.min(Math.max(callerWaitsMs * answerMarginShare, answerMarginMinMs), answerMarginMaxMs);
  return Math.max(callerWaitsMs - marginMs, callerWaitsMs / 2);
}
