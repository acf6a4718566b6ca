/**
 * Which plants are in backoff: by what the caller of the auction has seen of them, and by what they publish themselves.
 */
import type { Bid, CallTerms, PlantBackoff } from '@vmgrid/protocol';
import { MARKET_LIMITS } from './limits.ts';

/** How long a plant is in backoff after as many failures in a row. */
export const backoffMs = (failures: number): number =>
  Math.min(MARKET_LIMITS.backoffMs * 2 ** (failures - 1), MARKET_LIMITS.backoffMaxMs);

/**
 * Whether a plant is in backoff at a time. One that would be for longer than the rule allows is not: a clock was set
 * back since.
 */
export function isInBackoff({ backoffUntil }: Pick<PlantBackoff, 'backoffUntil'>, now: number): boolean {
  const leftMs = backoffUntil - now;
  return leftMs > 0 && leftMs <= MARKET_LIMITS.backoffMaxMs;
}

/** For the bids of one auction: the record of a plant's longest backoff, undefined when it is free to win. */
export function backoffsIn({ inBackoff, openedAt }: CallTerms): (bid: Bid) => PlantBackoff | undefined {
  const seen = new Map(inBackoff.map((record) => [record.plantId, record]));
  const now = Date.parse(openedAt);
  return (bid) => {
    const records = [seen.get(bid.plantId), publishedBy(bid)].filter((record) => record && isInBackoff(record, now));
    return records.sort((a, b) => b!.backoffUntil - a!.backoffUntil)[0];
  };
}

/**
 * The failures that stand in the plant's ad: since its last success, and the time of the last in seconds of the epoch.
 */
function publishedBy({ plantId, ad }: Bid): PlantBackoff | undefined {
  const { RecentFailures: failures, LastFailureCode: lastCode, LastFailureTime: seconds } = ad;
  if (typeof failures !== 'number' || typeof seconds !== 'number' || failures < 1) return undefined;
  return { plantId, failures, lastCode: String(lastCode), backoffUntil: seconds * 1_000 + backoffMs(failures) };
}
