/**
 * A plant's standing offer as it was told last. What there is very much of tells by itself what is new of it; the small
 * rest is compared. So a change costs what has changed, and a whole is made only for a link that knows nothing yet.
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

/** What was learnt, by the keys of `durationKey`. */
export interface LearntBook {
  /** Whether some may have been forgotten. */
  readonly isCoarse: boolean;
  all(): StandingOffer['durations'];
  /** What has changed since this was asked last. */
  takeNews(): Pick<StandingChange, 'durations' | 'forgotten'>;
}

/** Why a plant has to be asked. */
export interface Asked {
  readonly askedBecause: string;
}

/**
 * For those who know the offer as it was told before; undefined when nothing has changed. For all others `whole`, to be
 * called at once.
 */
export interface Telling {
  readonly change: StandingChange | undefined;
  readonly whole: () => StandingOffer;
}

/** The load average changes all the time: it is told when it has moved so far. */
const LOAD_STEP = 0.25;

/** What an offer is made of and is kept by what happens. */
export interface OfferParts {
  readonly requests: Pick<RequestFingerprints, 'size' | 'all' | 'takeNews'>;
  readonly destroyedVms: { readonly forgottenUntil: number };
  readonly durations: LearntBook;
  readonly owners: Pick<OwnerBook, 'size' | 'others' | 'all' | 'takeNews'>;
}

/** What is compared: the small rest. */
export type OfferRest = Omit<OfferTerms, 'forgottenUntil' | 'coarse' | 'others'>;

export class OfferBook {
  readonly #parts: OfferParts;
  #told: OfferTerms | undefined;

  constructor(parts: OfferParts) {
    this.#parts = parts;
  }

  /** To be told to all links in the same tick: what changes after it is told by the next one. */
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
