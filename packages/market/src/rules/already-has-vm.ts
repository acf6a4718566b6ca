import type { FilterRule } from './rule.ts';

/** When a plant has the VM of this very request already, only that plant may win. */
export const alreadyHasVm: FilterRule = {
  name: 'already-has-vm',
  why: 'The same request must never become two VMs, also when the shop that took it first has forgotten it.',
  removals(bids) {
    const holder = bids.find((bid) => bid.holds);
    if (!holder) return [];
    return bids
      .filter((bid) => !bid.holds)
      .map((bid) => ({ bid, reason: `${holder.plantId} has the VM of this request already` }));
  },
};
