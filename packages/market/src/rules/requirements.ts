import type { FilterRule } from './rule.ts';

/** Takes out plants for which the request's `requirements` are anything but true. */
export const requirements: FilterRule = {
  name: 'requirements',
  why: 'The client says which plants will do.',
  removals(bids, context) {
    return bids.flatMap((bid) => {
      const { unmet } = context.judge(bid);
      return unmet ? [{ bid, ...unmet }] : [];
    });
  },
};
