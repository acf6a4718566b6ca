/** Hears what plants publish and keeps their offers standing while they are connected, well-formed and alive. */
import { type Bidder, type BidderEvents, GridError, type LinkListener, type OfferEvent } from '@vmgrid/protocol';
import type { StandingOffers } from '../standing-offers.ts';
import { ImageSets } from './image-sets.ts';
import { gap, PublishedOffer } from './published-offer.ts';
import { SharedParts, StandingPlant } from './standing-plant.ts';

export interface OfferReceiverOptions {
  /** Called for a plant whose offer cannot stand; the plant is asked instead. */
  readonly onFault: (fault: { readonly plantId: string; readonly err: GridError }) => void;
}

export class OfferReceiver implements LinkListener {
  readonly #offers: StandingOffers;
  readonly #options: OfferReceiverOptions;
  readonly #told = new Map<Bidder, PublishedOffer>();
  readonly #silent = new Set<Bidder>();
  readonly #sets = new ImageSets();
  readonly #parts = new SharedParts();
  readonly #closing = new AbortController();

  constructor(offers: StandingOffers, options: OfferReceiverOptions) {
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
    if (told) this.#orAsk(bidder, () => this.#stand(bidder, told));
    else this.#offers.remove(bidder.plantId);
  }

  /** Its offer does not stand until it is heard of again. */
  silent(bidder: Bidder): void {
    this.#silent.add(bidder);
    this.#offers.silence(bidder.plantId);
  }

  notified<E extends keyof BidderEvents>(bidder: Bidder, event: E, value: BidderEvents[E]): void {
    if (event === 'offer') this.#orAsk(bidder, () => this.#receive(bidder, value as OfferEvent));
  }

  /** Gives up what is being fetched. */
  close(): void {
    this.#closing.abort(new GridError('CANCELLED', 'the daemon is shutting down'));
  }

  /** A plant whose offer cannot stand is asked. */
  #orAsk(bidder: Bidder, work: () => void): void {
    try {
      work();
    } catch (thrown) {
      this.#forget(bidder);
      this.#options.onFault({ plantId: bidder.plantId, err: GridError.from(thrown) });
    }
  }

  #receive(bidder: Bidder, event: OfferEvent): void {
    const told = this.#told.get(bidder);
    const images = told?.terms.images;
    switch (event.kind) {
      case 'withdrawn':
        this.#forget(bidder);
        return;
      case 'whole': {
        requireSigned(bidder, event.offer.plant.plantId);
        const anew = new PublishedOffer(event.serial, event.offer, this.#offers);
        told?.end();
        this.#tell(bidder, anew, images);
        return;
      }
      case 'change':
        if (!told) throw gap(bidder.plantId, undefined, event.serial);
        if (told.hasHeard(event.serial)) return;
        requireSigned(bidder, event.change.plant?.plantId);
        told.apply(event.serial, event.change);
        this.#tell(bidder, told, images);
        return;
    }
  }

  #tell(bidder: Bidder, told: PublishedOffer, imagesBefore: string | undefined): void {
    const { plantId } = bidder;
    const { images, forgottenUntil } = told.terms;
    this.#told.set(bidder, told);
    this.#offers.forgotten.note({ plantId, forgottenUntil });
    this.#stand(bidder, told, imagesBefore);
    if (imagesBefore !== undefined && imagesBefore !== images) this.#sets.release(plantId, imagesBefore);
  }

  /** Lets an offer stand; when its images are not known, as soon as they have been fetched. */
  #stand(bidder: Bidder, told: PublishedOffer, imagesBefore?: string): void {
    if (this.#silent.has(bidder)) return;
    const { plantId } = bidder;
    const { images: digest } = told.terms;
    const images = this.#sets.use(plantId, digest);
    if (images) {
      const before = this.#offers.get(plantId);
      this.#offers.put(new StandingPlant(told, images, { parts: this.#parts, before }));
      return;
    }
    this.#offers.remove(plantId);
    this.#sets.fetch(bidder, { digest, since: imagesBefore }, this.#closing.signal).then(
      () => {
        const now = this.#told.get(bidder);
        if (now?.terms.images === digest) this.#orAsk(bidder, () => this.#stand(bidder, now));
      },
      (error) => {
        if (this.#told.get(bidder)?.terms.images !== digest) return; // it is about what was
        this.#options.onFault({ plantId, err: GridError.from(error) });
      },
    );
  }

  #forget(bidder: Bidder): void {
    const told = this.#told.get(bidder);
    if (this.#silent.delete(bidder) || told) this.#offers.remove(bidder.plantId);
    if (!told) return;
    this.#told.delete(bidder);
    told.end();
    this.#sets.release(bidder.plantId, told.terms.images);
  }
}

/** @throws GridError LINK_PROTOCOL when the offer is another plant's */
function requireSigned({ plantId }: Bidder, signed = plantId): void {
  if (signed === plantId) return;
  throw new GridError('LINK_PROTOCOL', `the offer of ${plantId} is signed ${signed}`, { plantId });
}
