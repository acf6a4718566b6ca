/** Keeps what one plant has published over one link. A change is applied in place, and costs only what has changed. */
import { withChange } from '@vmgrid/bidding';
import {
  GridError,
  type OfferTerms,
  STANDING_LIMITS,
  type StandingChange,
  type StandingOffer,
  unpackFingerprints,
} from '@vmgrid/protocol';
import type { FingerprintsOfPlant, HeldRequests } from '../remembered/held-requests.ts';
import type { OwnerShares, SharesOfPlant } from './owner-shares.ts';
import { PublishedDurations } from './published-durations.ts';

/** Tables that all plants share. */
export interface PlantBooks {
  readonly held: HeldRequests;
  readonly owners: OwnerShares;
}

export class PublishedOffer {
  readonly durations: PublishedDurations;
  readonly #fingerprints: FingerprintsOfPlant;
  readonly #shares: SharesOfPlant;
  #serial: number;
  #terms: OfferTerms;

  /** @throws GridError LINK_PROTOCOL */
  constructor(serial: number, { durations, held, owners, ...terms }: StandingOffer, books: PlantBooks) {
    this.#serial = serial;
    this.#terms = terms;
    this.durations = new PublishedDurations({ durations, ...terms });
    // Sorted, they lie side by side in the table: to take them in costs two thirds.
    this.#fingerprints = books.held.begin(terms.plant.plantId, unpackFingerprints(held).sort());
    this.#shares = books.owners.begin(terms.plant.plantId, owners);
  }

  get terms(): OfferTerms {
    return this.#terms;
  }

  /** Whether the event came before. */
  hasHeard(serial: number): boolean {
    return serial <= this.#serial;
  }

  /** @throws GridError LINK_PROTOCOL when it does not go with what is known; then nothing is known for certain */
  apply(serial: number, change: StandingChange): void {
    if (serial !== this.#serial + 1) throw gap(this.#terms.plant.plantId, this.#serial, serial);
    this.#serial = serial;
    this.#fingerprints.change(change);
    this.#shares.change(change.owners ?? {});
    this.durations.apply(change);
    this.#requireFew();
    this.#terms = withChange(this.#terms, change);
  }

  /** The link has ended, or another whole comes. */
  end(): void {
    this.#fingerprints.end();
    this.#shares.end();
  }

  #requireFew(): void {
    const { size } = this.durations;
    if (size <= STANDING_LIMITS.durations) return;
    const { plantId } = this.#terms.plant;
    const message = `${plantId} has learnt ${size} durations, the limit is ${STANDING_LIMITS.durations}`;
    throw new GridError('LINK_PROTOCOL', message, { plantId });
  }
}

/**
 * Makes the error for a change that does not follow the last one. `known`: number of the last; undefined if none came.
 */
export const gap = (plantId: string, known: number | undefined, serial: number): GridError =>
  new GridError('LINK_PROTOCOL', `the offer of ${plantId} changes with ${serial}, known is ${known ?? 'none'}`, {
    plantId,
    serial,
  });
