import type { OrderRule } from './rule.ts';

export const rank: OrderRule = {
  name: 'rank',
  why: 'Among equal costs the client says which plant it likes better; what is no number counts as 0.',
  better: 'greater',
  valueOf: (bid, context) => context.judge(bid).rank,
};
