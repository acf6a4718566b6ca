import {
  hash32,
  type ImageIndex,
  type LineReports,
  parseCost,
  plantAd,
  plantAdJson,
  refusalOf,
  type Wanted,
} from '@vmgrid/bidding';
import type { ClassAd, Expression } from '@vmgrid/classad';
import type { ClassAdJson, GridError, LineName, OfferTerms } from '@vmgrid/protocol';
import type { PublishedDurations } from './published-durations.ts';

/** Parts that very many plants have in common, each kept once. */
export class SharedParts {
  readonly #costs = new Map<string, Expression>();
  readonly #lines = new Map<string, LineReports>();

  /** @throws GridError CONFIG_INVALID */
  cost(text: string): Expression {
    return shared(this.#costs, text, () => parseCost(text));
  }

  lines(reports: OfferTerms['plant']['lines']): LineReports {
    return shared(this.#lines, JSON.stringify(reports), () => new Map(reports.map((report) => [report.line, report])));
  }
}

/** Different ones that are kept; past it all are forgotten, and shared anew. */
const PARTS_SHARED = 1_024;

/** The one that is there of the key, else what is made. */
export function shared<T>(known: Map<string, T>, key: string, make: () => T): T {
  const there = known.get(key);
  if (there !== undefined) return there;
  const made = make();
  if (known.size >= PARTS_SHARED) known.clear();
  known.set(key, made);
  return made;
}

interface StandingPlantOptions {
  readonly parts: SharedParts;
  readonly before?: StandingPlant | undefined;
}

/** The parts of a standing offer that bids depend on. */
export interface Offered {
  readonly terms: OfferTerms;
  readonly durations: PublishedDurations;
}

/**
 * A plant as its standing offer describes it, ready for computing bids. It is immutable, except for the learnt
 * durations: they are always the latest.
 */
export class StandingPlant {
  readonly plantId: string;
  readonly terms: OfferTerms;
  readonly images: ImageIndex;
  readonly lines: LineReports;
  readonly cost: Expression;
  readonly durations: PublishedDurations;
  /** The tie-break uses this hash of the id. */
  readonly tieSeed: number;
  readonly #onLine = new Map<LineName, ClassAd>();
  readonly #jsonOnLine = new Map<LineName, ClassAdJson>();

  /** `before`: the same plant before its last change. @throws GridError CONFIG_INVALID when the cost does not parse */
  constructor({ terms, durations }: Offered, images: ImageIndex, { parts, before }: StandingPlantOptions) {
    const { plantId, lines } = terms.plant;
    this.plantId = plantId;
    this.terms = terms;
    this.images = images;
    this.lines = before?.terms.plant.lines === lines ? before.lines : parts.lines(lines);
    this.cost = parts.cost(terms.cost);
    this.durations = durations;
    this.tieSeed = before?.tieSeed ?? hash32(plantId);
  }

  /** Returns the ad that the rules see as TARGET. */
  adOn(line: LineName): ClassAd {
    return shared(this.#onLine, line, () => plantAd(this.terms.plant, line));
  }

  /** The same as its bids carry it. */
  adJsonOn(line: LineName): ClassAdJson {
    return shared(this.#jsonOnLine, line, () => plantAdJson(this.terms.plant, line));
  }

  refusal(wanted: Wanted): GridError | undefined {
    return refusalOf(wanted, this.terms);
  }
}
