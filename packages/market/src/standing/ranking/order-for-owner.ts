/** The order of a class as one owner finds it: plants where it has too much already decline. Pure. */
import type { Decline } from '@vmgrid/protocol';
import { type ClassOrder, compareDeclining, type Declining, type OrderView } from './class-order.ts';

/** `declines`: those of plants that would take the machine if its owner had nothing there. */
export function orderForOwner(order: ClassOrder, declines: readonly Decline[]): OrderView {
  const own = declines.filter(({ plantId }) => order.looksAtOwner(plantId)).map(declining);
  if (own.length === 0) return order;
  const declined = new Set(own.map(({ plantId }) => plantId));
  const without = <T extends { readonly plantId: string }>(all: readonly T[]): readonly T[] =>
    all.filter(({ plantId }) => !declined.has(plantId));
  const { bidding } = order;
  const gone = [...declined].filter((plantId) => order.biddingOf(plantId)).length;
  const kept = order.declining.flatMap(without);
  return {
    bidding: {
      size: bidding.size - gone,
      best: ({ skipped, ...wanted }) => bidding.best({ ...wanted, skipped: new Set([...skipped, ...declined]) }),
    },
    biddingOf: (plantId) => (declined.has(plantId) ? undefined : order.biddingOf(plantId)),
    removed: order.removed.map(without).filter(({ length }) => length > 0),
    declining: [...Map.groupBy([...kept, ...own], ({ decline }) => decline.code).values()].map((ones) =>
      ones.sort(compareDeclining),
    ),
  };
}

const declining = (decline: Decline): Declining => ({
  ...{ kind: 'declining', decline, plantId: decline.plantId, comesFirst: false },
});
