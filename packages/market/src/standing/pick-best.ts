import { begin, scatterOn } from '@vmgrid/bidding';
import type { CallTerms } from '@vmgrid/protocol';
import { type Bidding, isTied } from './class-order.ts';

export interface PickOptions {
  readonly requestId: string;
  readonly order: CallTerms['order'];
  /** Plants that are left out. */
  readonly skipped: ReadonlySet<string>;
  readonly most: number;
}

/**
 * The first of bids that are in order but for the tie-break, which every request seeds anew: it is computed for those that tie
 * with the last one needed, not for all.
 */
export function pickBest(ordered: readonly Bidding[], options: PickOptions): Bidding[] {
  const begun = begin(`${options.requestId}\n`);
  const best: Bidding[] = [];
  let at = 0;
  while (at < ordered.length && best.length < options.most) {
    const first = ordered[at]!;
    const tied: { readonly one: Bidding; readonly tieBreak: number }[] = [];
    for (; at < ordered.length && isTied(first, ordered[at]!, options.order); at++) {
      const one = ordered[at]!;
      if (options.skipped.has(one.plant.plantId)) continue;
      insert(tied, { one, tieBreak: scatterOn(begun, one.plant.idBytes) }, options.most - best.length);
    }
    best.push(...tied.map(({ one }) => one));
  }
  return best;
}

/** Keeps the `most` least, in order; equal ones as they come: by plant id. */
function insert<T extends { readonly tieBreak: number }>(kept: T[], item: T, most: number): void {
  if (kept.length === most && kept[most - 1]!.tieBreak <= item.tieBreak) return;
  let place = kept.length;
  while (place > 0 && kept[place - 1]!.tieBreak > item.tieBreak) place--;
  kept.splice(place, 0, item);
  if (kept.length > most) kept.pop();
}
