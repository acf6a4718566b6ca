/**
 * A plant's standing offer as it was last told. Large collections record their own changes; the small rest is compared.
 * So a change costs what has changed, and a whole offer is built only for a link that knows nothing yet.
 */
import {
  follows,
  OfferTerms,
  packFingerprints,
  STANDING_LIMITS,
  type StandingChange,
  type StandingOffer,
} from '@vmgrid/protocol';
import type { OwnerBook } from './owner-book.ts';
import type { RequestFingerprints } from './request-fingerprints.ts';
import { termsChange } from './standing-offer.ts';

/** The learnt durations, by the keys of `durationKey`. */
export interface LearntBook {
  /** Whether some may have been forgotten. */
  readonly isCoarse: boolean;
  all(): StandingOffer['durations'];
  /** Returns the changes since the last call. */
  takeNews(): Pick<StandingChange, 'durations' | 'forgotten'>;
}

/** The reason why a plant has to be asked. */
export interface Asked {
  readonly askedBecause: string;
}

/**
 * A change for links that know the last offer, undefined when nothing has changed; and for all other links `whole`, to
 * be called at once.
 */
export interface Telling {
  readonly change: StandingChange | undefined;
  readonly whole: () => StandingOffer;
}

/** The load average changes all the time. It is told when it has moved by this much. */
const LOAD_STEP = 0.25;

/** The parts of an offer that record their own changes. */
export interface OfferParts {
  readonly requests: Pick<RequestFingerprints, 'size' | 'all' | 'takeNews'>;
  readonly destroyedVms: { readonly forgottenUntil: number };
  readonly durations: LearntBook;
  readonly owners: Pick<OwnerBook, 'size' | 'others' | 'all' | 'takeNews'>;
}

/** The small rest, which is compared. */
export type OfferRest = Omit<OfferTerms, 'forgottenUntil' | 'coarse' | 'others'>;

export class OfferBook {
  readonly #parts: OfferParts;
  #told: OfferTerms | undefined;

  constructor(parts: OfferParts) {
    this.#parts = parts;
  }

  /** Call it for all links in the same tick: later changes are told by the next call. */
  tell(rest: OfferRest): Telling | Asked {
    const { requests, destroyedVms, durations, owners } = this.#parts;
    const [{ forgottenUntil }, { isCoarse: coarse }, { others }] = [destroyedVms, durations, owners];
    const terms = withSteadyLoad({ ...rest, forgottenUntil, coarse, others }, this.#told);
    const askedBecause = this.#tooMuch(terms);
    if (askedBecause !== undefined) return { askedBecause };
    const compared = this.#told ? termsChange(this.#told, terms) : {};
    const change = { ...compared, ...durations.takeNews(), ...requests.takeNews(), ...owners.takeNews() };
    this.#told = terms;
    let whole: StandingOffer | undefined;
    return {
      change: Object.keys(change).length === 0 ? undefined : change,
      whole: () => {
        whole ??= {
          ...{ ...terms, durations: durations.all(), owners: owners.all() },
          held: packFingerprints(requests.all()),
        };
        return whole;
      },
    };
  }

  #tooMuch(terms: OfferTerms): string | undefined {
    const { requests, owners } = this.#parts;
    if (owners.size > STANDING_LIMITS.owners) return `it limits more than ${STANDING_LIMITS.owners} owners`;
    if (requests.size > STANDING_LIMITS.held) return `it has more than ${STANDING_LIMITS.held} VMs and destroyed VMs`;
    return follows(OfferTerms, terms) ? undefined : 'what its offers depend on is more than may be published';
  }
}

function withSteadyLoad(now: OfferTerms, told: OfferTerms | undefined): OfferTerms {
  const loadAverage = told?.plant.loadAverage;
  if (loadAverage === undefined || Math.abs(now.plant.loadAverage - loadAverage) >= LOAD_STEP) return now;
  return { ...now, plant: { ...now.plant, loadAverage } };
}
