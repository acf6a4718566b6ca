/** What one plant has published over one link, kept up to date in place: a change costs what has changed. */
import { type Durations, withChange } from '@vmgrid/bidding';
import {
  GridError,
  type OfferTerms,
  STANDING_LIMITS,
  type StandingChange,
  type StandingOffer,
  unpackTokens,
} from '@vmgrid/protocol';
import type { HeldRequests, TokensOfPlant } from './held-requests.ts';

export class PublishedOffer {
  readonly #tokens: TokensOfPlant;
  readonly #learnt: Map<string, number>;
  #serial: number;
  #terms: OfferTerms;
  #durations: Durations;

  /** @throws GridError LINK_PROTOCOL */
  constructor(serial: number, { durations, held, ...terms }: StandingOffer, requests: HeldRequests) {
    this.#serial = serial;
    this.#terms = terms;
    this.#learnt = new Map(Object.entries(durations));
    this.#durations = durationsOf(this.#learnt, terms.least);
    this.#tokens = requests.begin(terms.plant.plantId, unpackTokens(held));
  }

  get terms(): OfferTerms {
    return this.#terms;
  }

  /** Another object whenever anything was learnt: what was planned by the one before is to be planned anew. */
  get durations(): Durations {
    return this.#durations;
  }

  /** Whether the event came before. */
  hasHeard(serial: number): boolean {
    return serial <= this.#serial;
  }

  /** @throws GridError LINK_PROTOCOL when it does not go with what is known; then nothing is known for certain */
  apply(serial: number, change: StandingChange): void {
    if (serial !== this.#serial + 1) throw gap(this.#terms.plant.plantId, this.#serial, serial);
    this.#serial = serial;
    this.#tokens.change(change);
    this.#learn(change);
    this.#terms = withChange(this.#terms, change);
    const { durations, forgotten, least } = change;
    if (durations ?? forgotten ?? least) this.#durations = durationsOf(this.#learnt, this.#terms.least);
  }

  /** The link has ended, or another whole comes. */
  end(): void {
    this.#tokens.end();
  }

  #learn({ durations = {}, forgotten = [] }: StandingChange): void {
    for (const key of forgotten) this.#learnt.delete(key);
    for (const [key, seconds] of Object.entries(durations)) this.#learnt.set(key, seconds);
    if (this.#learnt.size <= STANDING_LIMITS.durations) return;
    const { plantId } = this.#terms.plant;
    const message = `${plantId} has learnt ${this.#learnt.size} durations, the limit is ${STANDING_LIMITS.durations}`;
    throw new GridError('LINK_PROTOCOL', message, { plantId });
  }
}

/** Of a plant whose offer is known up to this event; `known` is undefined when none is. */
export const gap = (plantId: string, known: number | undefined, serial: number): GridError =>
  new GridError('LINK_PROTOCOL', `the offer of ${plantId} changes with ${serial}, known is ${known ?? 'none'}`, {
    plantId,
    serial,
  });

const durationsOf = (learnt: ReadonlyMap<string, number>, least: OfferTerms['least']): Durations => ({
  expect(...keys) {
    for (const key of keys) {
      const seconds = learnt.get(key);
      if (seconds !== undefined) return seconds;
    }
    return undefined;
  },
  least: (start) => least[start],
});
