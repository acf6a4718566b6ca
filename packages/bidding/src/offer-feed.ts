/**
 * Tells one link what a plant's bids depend on: the whole first, then changes. Sends nothing when nothing has changed.
 */
import type { OfferEvent } from '@vmgrid/protocol';
import type { Telling } from './offer-book.ts';

/** False when an event was not sent: then the side above knows nothing for certain. */
export type SendOffer = (event: OfferEvent) => boolean;

export class OfferFeed {
  readonly #send: SendOffer;
  #isTold = false;
  #serial = 0;

  constructor(send: SendOffer) {
    this.#send = send;
  }

  /** The link is another one: whoever is above knows nothing. */
  restart(): void {
    this.#isTold = false;
    this.#serial = 0;
  }

  /** Everything that was told before has to have come by here too. */
  tell({ change, whole }: Telling): void {
    if (!this.#isTold) this.#isTold = this.#send({ kind: 'whole', serial: this.#serial++, offer: whole() });
    else if (change) this.#isTold = this.#send({ kind: 'change', serial: this.#serial++, change });
  }

  /** The plant is asked from now on. */
  withdraw(reason: string): void {
    if (!this.#isTold) return;
    this.#send({ kind: 'withdrawn', serial: this.#serial++, reason });
    this.#isTold = false;
  }
}
