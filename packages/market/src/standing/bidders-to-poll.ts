import type { Bidder } from '@vmgrid/protocol';

/**
 * Finds the bidders that must be asked. It goes through all of them only when the bidders, or those with standing
 * offers, have changed.
 */
export class BiddersToPoll {
  readonly #covers: (plantId: string) => boolean;
  #known: { readonly bidders: readonly Bidder[]; readonly rest: readonly Bidder[] } | undefined;

  constructor(covers: (plantId: string) => boolean) {
    this.#covers = covers;
  }

  /** Others are answered for than before. */
  changed(): void {
    this.#known = undefined;
  }

  of(bidders: readonly Bidder[]): readonly Bidder[] {
    if (this.#known?.bidders !== bidders) {
      this.#known = { bidders, rest: bidders.filter(({ plantId }) => !this.#covers(plantId)) };
    }
    return this.#known.rest;
  }
}
