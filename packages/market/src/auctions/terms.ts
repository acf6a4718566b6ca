/** The rules of an auction depend on these terms beside request and bids. The shop makes them; brokers pass them on. */
import {
  answerWithin,
  BROKER_LIMITS,
  type Call,
  type CallTerms,
  type CreateRequest,
  type Identified,
} from '@vmgrid/protocol';
import type { MarketClock } from '../market-clock.ts';
import type { PlantFailureHistory } from '../plant-failure-history.ts';

export interface OpenTermsOptions {
  readonly bidWindowMs: number;
  /** How many bids each broker forwards. */
  readonly best: number;
  readonly order: CallTerms['order'];
}

/** The terms of a new auction. */
export function openTerms(
  { clock, memory }: { readonly clock: MarketClock; readonly memory: PlantFailureHistory },
  { bidWindowMs, best, order }: OpenTermsOptions,
): CallTerms {
  return {
    openedAt: new Date(clock.now()).toISOString(),
    windowMs: bidWindowMs,
    best: Math.min(best, BROKER_LIMITS.bids),
    order,
    inBackoff: memory.allInBackoff(BROKER_LIMITS.inBackoff),
    path: [],
  };
}

/** The call as brokers get it: their answer must be back before the window here closes. */
export function callToBrokers(request: Identified<CreateRequest>, terms: CallTerms): Call {
  return { ...request, terms: { ...terms, windowMs: answerWithin(terms.windowMs) } };
}
