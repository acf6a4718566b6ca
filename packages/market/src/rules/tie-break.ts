import { scatter, scatterPair } from '@vmgrid/bidding';
import type { OrderRule } from './rule.ts';

export const tieBreak: OrderRule = {
  name: 'tieBreak',
  why: 'Equal plants share the load, and the same request finds the same order again.',
  better: 'less',
  valueOf: (bid, { requestId }) => scatterPair(scatter(requestId), scatter(bid.plantId)),
};
