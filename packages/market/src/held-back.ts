/** Which plants are held back: by what the caller of the auction has seen of them, and by what they publish themselves. */
import type { Bid, CallTerms, HeldBack } from '@vmgrid/protocol';
import { MARKET_LIMITS } from './limits.ts';

/** How long a plant is held back after as many failures in a row. */
export const holdBackMs = (failures: number): number =>
  Math.min(MARKET_LIMITS.holdBackMs * 2 ** (failures - 1), MARKET_LIMITS.holdBackMaxMs);

/** Whether a plant is held back at a time. One that would be for longer than the rule allows is not: a clock was set back since. */
export function isHeld({ heldUntil }: Pick<HeldBack, 'heldUntil'>, now: number): boolean {
  const leftMs = heldUntil - now;
  return leftMs > 0 && leftMs <= MARKET_LIMITS.holdBackMaxMs;
}

/** For the bids of one auction: the record that holds a plant back the longest, undefined when it is free to win. */
export function heldBackIn({ heldBack, openedAt }: CallTerms): (bid: Bid) => HeldBack | undefined {
  const seen = new Map(heldBack.map((record) => [record.plantId, record]));
  const now = Date.parse(openedAt);
  return (bid) => {
    const records = [seen.get(bid.plantId), publishedBy(bid)].filter((record) => record && isHeld(record, now));
    return records.sort((a, b) => b!.heldUntil - a!.heldUntil)[0];
  };
}

/** The failures that stand in the plant's ad: since its last success, and the time of the last in seconds of the epoch. */
function publishedBy({ plantId, ad }: Bid): HeldBack | undefined {
  const { RecentFailures: failures, LastFailureCode: lastCode, LastFailureTime: seconds } = ad;
  if (typeof failures !== 'number' || typeof seconds !== 'number' || failures < 1) return undefined;
  return { plantId, failures, lastCode: String(lastCode), heldUntil: seconds * 1_000 + holdBackMs(failures) };
}
