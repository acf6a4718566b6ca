import { hash32, hash32Pair } from '@vmgrid/bidding';
import type { OrderRule } from './rule.ts';

export const tieBreak: OrderRule = {
  name: 'tieBreak',
  why: 'Equal plants share the load, and the same request finds the same order again.',
  better: 'less',
  valueOf: (bid, { requestId }) => hash32Pair(hash32(requestId), hash32(bid.plantId)),
};
