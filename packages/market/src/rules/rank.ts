import { evaluate, rankOf } from '@vmgrid/classad';
import type { OrderRule } from './rule.ts';

export const rank: OrderRule = {
  name: 'rank',
  why: 'Among equal costs the client says which plant it likes better; what is no number counts as 0.',
  better: 'greater',
  valueOf: (bid, context) => (context.rank ? rankOf(evaluate(context.rank, context.evaluation(bid))) : 0),
};
