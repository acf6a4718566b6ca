import type { OrderRule } from './rule.ts';

export const expectedSeconds: OrderRule = {
  name: 'expectedSeconds',
  why: 'Who builds an image for an operator shall be done soon, whatever it costs.',
  better: 'less',
  valueOf: (bid) => bid.plan.expectedSeconds,
};
