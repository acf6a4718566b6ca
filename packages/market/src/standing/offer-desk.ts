/** Hears what plants publish and keeps their offers standing while they are connected, well-formed and alive. */
import { withChange } from '@vmgrid/bidding';
import {
  type Bidder,
  type BidderEvents,
  GridError,
  type LinkListener,
  type OfferEvent,
  type StandingOffer,
} from '@vmgrid/protocol';
import { ImageSets } from './image-sets.ts';
import type { StandingOffers } from './standing-offers.ts';
import { SharedParts, StandingPlant } from './standing-plant.ts';

export interface OfferDeskOptions {
  /** Told of a plant whose offer cannot stand; it is asked instead. */
  readonly onFault: (fault: { readonly plantId: string; readonly err: GridError }) => void;
}

interface Told {
  readonly serial: number;
  readonly offer: StandingOffer;
}

export class OfferDesk implements LinkListener {
  readonly #offers: StandingOffers;
  readonly #options: OfferDeskOptions;
  readonly #told = new Map<Bidder, Told>();
  readonly #silent = new Set<Bidder>();
  readonly #sets = new ImageSets();
  readonly #parts = new SharedParts();
  readonly #closing = new AbortController();

  constructor(offers: StandingOffers, options: OfferDeskOptions) {
    this.#offers = offers;
    this.#options = options;
  }

  joined(): void {
    // Its offer comes when it publishes one; until then it is asked.
  }

  left(bidder: Bidder): void {
    this.#forget(bidder);
  }

  heard(bidder: Bidder): void {
    if (this.#silent.size === 0 || !this.#silent.delete(bidder)) return;
    const told = this.#told.get(bidder);
    if (told) this.#stand(bidder, told.offer);
    else this.#offers.remove(bidder.plantId);
  }

  /** Its offer does not stand until it is heard of again. */
  silent(bidder: Bidder): void {
    this.#silent.add(bidder);
    this.#offers.silence(bidder.plantId);
  }

  notified<E extends keyof BidderEvents>(bidder: Bidder, event: E, value: BidderEvents[E]): void {
    if (event !== 'offer') return;
    try {
      this.#hear(bidder, value as OfferEvent);
    } catch (thrown) {
      this.#forget(bidder);
      this.#options.onFault({ plantId: bidder.plantId, err: GridError.from(thrown) });
    }
  }

  /** Gives up what is being fetched. */
  close(): void {
    this.#closing.abort(new GridError('CANCELLED', 'the daemon is shutting down'));
  }

  #hear(bidder: Bidder, event: OfferEvent): void {
    const before = this.#told.get(bidder);
    switch (event.kind) {
      case 'withdrawn':
        this.#forget(bidder);
        return;
      case 'whole':
        this.#tell(bidder, { serial: event.serial, offer: event.offer }, before);
        return;
      case 'change':
        if (before?.serial !== event.serial - 1) throw gap(bidder, before?.serial, event.serial);
        this.#tell(bidder, { serial: event.serial, offer: withChange(before.offer, event.change) }, before);
        return;
    }
  }

  #tell(bidder: Bidder, told: Told, before: Told | undefined): void {
    const { plantId } = bidder;
    if (told.offer.plant.plantId !== plantId) {
      throw new GridError('LINK_PROTOCOL', `the offer of ${plantId} is signed ${told.offer.plant.plantId}`, {
        plantId,
      });
    }
    this.#told.set(bidder, told);
    this.#stand(bidder, told.offer, before?.offer.images);
    const old = before?.offer.images;
    if (old !== undefined && old !== told.offer.images) this.#sets.release(plantId, old);
  }

  /** Lets an offer stand; when its images are not known, as soon as they have been fetched. */
  #stand(bidder: Bidder, offer: StandingOffer, imagesBefore?: string): void {
    if (this.#silent.has(bidder)) return;
    const { plantId } = bidder;
    const images = this.#sets.use(plantId, offer.images);
    if (images) {
      this.#offers.put(new StandingPlant(offer, images, this.#parts));
      return;
    }
    this.#offers.remove(plantId);
    this.#sets.fetch(bidder, offer.images, imagesBefore, this.#closing.signal).then(
      () => {
        const told = this.#told.get(bidder);
        if (told?.offer.images === offer.images) this.#stand(bidder, told.offer);
      },
      (error) => this.#told.has(bidder) && this.#options.onFault({ plantId, err: GridError.from(error) }),
    );
  }

  #forget(bidder: Bidder): void {
    const told = this.#told.get(bidder);
    if (this.#silent.delete(bidder) || told) this.#offers.remove(bidder.plantId);
    if (!told) return;
    this.#told.delete(bidder);
    this.#sets.release(bidder.plantId, told.offer.images);
  }
}

const gap = ({ plantId }: Bidder, known: number | undefined, serial: number): GridError =>
  new GridError('LINK_PROTOCOL', `the offer of ${plantId} changes with ${serial}, known is ${known ?? 'none'}`, {
    plantId,
    serial,
  });
