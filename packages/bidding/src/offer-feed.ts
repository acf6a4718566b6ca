/** Tells one link what a plant's bids depend on: the whole first, then changes. Sends nothing when nothing has changed. */
import type { OfferEvent, StandingOffer } from '@vmgrid/protocol';
import { changeBetween } from './standing-offer.ts';

/** False when an event was not sent: then the side above knows nothing for certain. */
export type SendOffer = (event: OfferEvent) => boolean;

export class OfferFeed {
  readonly #send: SendOffer;
  #told: StandingOffer | undefined;
  #serial = 0;

  constructor(send: SendOffer) {
    this.#send = send;
  }

  /** The link is another one: whoever is above knows nothing. */
  restart(): void {
    this.#told = undefined;
    this.#serial = 0;
  }

  tell(offer: StandingOffer): void {
    const change = this.#told ? changeBetween(this.#told, offer) : 'whole';
    if (change === undefined) return;
    const serial = this.#serial++;
    const event: OfferEvent =
      change === 'whole' ? { kind: 'whole', serial, offer } : { kind: 'change', serial, change };
    this.#told = this.#send(event) ? offer : undefined;
  }

  /** The plant is asked from now on. */
  withdraw(reason: string): void {
    if (this.#told === undefined) return;
    this.#send({ kind: 'withdrawn', serial: this.#serial++, reason });
    this.#told = undefined;
  }
}
