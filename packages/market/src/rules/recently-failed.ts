import type { PlantBackoff } from '@vmgrid/protocol';
import type { FilterRule } from './rule.ts';

/** Holds back plants that failed lately, unless there is no other bid. */
export const recentlyFailed: FilterRule = {
  name: 'recently-failed',
  why: 'A plant that fails fast is always empty, and would win every auction because of it.',
  removals(bids, context) {
    const removals = bids.flatMap((bid) => {
      const record = context.inBackoff(bid);
      return record ? [{ bid, reason: backoffReason(record) }] : [];
    });
    return removals.length < bids.length ? removals : [];
  },
};

export const backoffReason = ({ failures, lastCode, backoffUntil }: PlantBackoff): string =>
  `failed ${failures === 1 ? 'once' : `${failures} times in a row`}, last with ${lastCode}; in backoff until ${new Date(backoffUntil).toISOString()}`;
