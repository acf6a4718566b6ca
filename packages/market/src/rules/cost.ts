import type { OrderRule } from './rule.ts';

export const cost: OrderRule = {
  name: 'cost',
  why: "The plant's operator says what the VM would cost; the cheapest wins.",
  better: 'less',
  valueOf: (bid) => bid.cost,
};
