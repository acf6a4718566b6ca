/**
 * Tells one link what a plant's bids depend on: first the whole, then changes. Sends nothing when nothing has changed.
 */
import type { OfferEvent } from '@vmgrid/protocol';
import type { Telling } from './offer-book.ts';

/** Returns false when an event was not sent: then it is unknown what the side above knows. */
export type SendOffer = (event: OfferEvent) => boolean;

export class OfferFeed {
  readonly #send: SendOffer;
  #isTold = false;
  #serial = 0;

  constructor(send: SendOffer) {
    this.#send = send;
  }

  /** Starts a new link: the side above knows nothing. */
  restart(): void {
    this.#isTold = false;
    this.#serial = 0;
  }

  /** Every earlier change must have been passed to this feed too. */
  tell({ change, whole }: Telling): void {
    if (!this.#isTold) this.#isTold = this.#send({ kind: 'whole', serial: this.#serial++, offer: whole() });
    else if (change) this.#isTold = this.#send({ kind: 'change', serial: this.#serial++, change });
  }

  /** From now on the plant is asked. */
  withdraw(reason: string): void {
    if (!this.#isTold) return;
    this.#send({ kind: 'withdrawn', serial: this.#serial++, reason });
    this.#isTold = false;
  }
}
