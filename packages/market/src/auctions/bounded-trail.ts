import type { Trail } from '@vmgrid/protocol';
import { MARKET_LIMITS } from '../limits.ts';

/** The trail with so many entries of each kind at most, the best placed first; its summary still counts all. */
export function boundedTrail(trail: Trail): Trail {
  const { trailEntries } = MARKET_LIMITS;
  if (trail.answers.length <= trailEntries && trail.removed.length <= trailEntries) return trail;
  const order = trail.order.slice(0, trailEntries);
  const placed = new Set(order.map(({ plantId }) => plantId));
  const [first, rest] = [true, false].map((wanted) =>
    trail.answers.filter(({ plantId }) => placed.has(plantId) === wanted),
  );
  return {
    ...trail,
    order,
    answers: [...first!, ...rest!].slice(0, trailEntries),
    removed: trail.removed.slice(0, trailEntries),
  };
}
