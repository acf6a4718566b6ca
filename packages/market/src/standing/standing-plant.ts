import {
  type Durations,
  type ImageIndex,
  type LineReports,
  parseCost,
  plantAd,
  refusalOf,
  scatter,
  type Wanted,
} from '@vmgrid/bidding';
import type { ClassAd, Expression } from '@vmgrid/classad';
import { adToJson, type ClassAdJson, type GridError, type LineName, type StandingOffer } from '@vmgrid/protocol';

/** Parts that very many plants have in common, each kept once. */
export class SharedParts {
  readonly #costs = new Map<string, Expression>();
  readonly #lines = new Map<string, LineReports>();
  readonly #durations = new WeakMap<StandingOffer['durations'], Learnt>();

  /** @throws GridError CONFIG_INVALID */
  cost(text: string): Expression {
    return shared(this.#costs, text, () => parseCost(text));
  }

  lines(reports: StandingOffer['plant']['lines']): LineReports {
    return shared(this.#lines, JSON.stringify(reports), () => new Map(reports.map((report) => [report.line, report])));
  }

  /** The same object for offers with the same durations: changes of an offer that do not touch them keep its plans. */
  durations({ durations, least }: StandingOffer): Durations {
    const known = this.#durations.get(durations);
    if (known?.least === least) return known.durations;
    const made = durationsOf(durations, least);
    this.#durations.set(durations, { least, durations: made });
    return made;
  }
}

interface Learnt {
  readonly least: StandingOffer['least'];
  readonly durations: Durations;
}

/** Different ones that are kept; past it all are forgotten, and shared anew. */
const PARTS_SHARED = 1_024;

function shared<T>(known: Map<string, T>, key: string, make: () => T): T {
  const there = known.get(key);
  if (there !== undefined) return there;
  const made = make();
  if (known.size >= PARTS_SHARED) known.clear();
  known.set(key, made);
  return made;
}

/** A plant by its standing offer, ready to have bids computed. Immutable. */
export class StandingPlant {
  readonly plantId: string;
  readonly offer: StandingOffer;
  readonly images: ImageIndex;
  readonly lines: LineReports;
  readonly cost: Expression;
  readonly durations: Durations;
  /** What the tie-break sees of the id. */
  readonly tieSeed: number;
  readonly #ad: ClassAd;
  readonly #onLine = new Map<LineName, ClassAd>();
  readonly #jsonOnLine = new Map<LineName, ClassAdJson>();

  /** @throws GridError CONFIG_INVALID when the cost does not parse */
  constructor(offer: StandingOffer, images: ImageIndex, parts: SharedParts) {
    this.plantId = offer.plant.plantId;
    this.offer = offer;
    this.images = images;
    this.lines = parts.lines(offer.plant.lines);
    this.cost = parts.cost(offer.cost);
    this.durations = parts.durations(offer);
    this.tieSeed = scatter(offer.plant.plantId);
    this.#ad = plantAd(offer.plant);
  }

  /** What a bid's rules see as TARGET. */
  adOn(line: LineName): ClassAd {
    return shared(this.#onLine, line, () => this.#ad.with('Line', line));
  }

  /** The same as its bids carry it. */
  adJsonOn(line: LineName): ClassAdJson {
    return shared(this.#jsonOnLine, line, () => adToJson(this.adOn(line)));
  }

  refusal(wanted: Wanted): GridError | undefined {
    return refusalOf(wanted, this.offer);
  }
}

const durationsOf = (durations: StandingOffer['durations'], least: StandingOffer['least']): Durations => ({
  expect(...keys) {
    for (const key of keys) if (Object.hasOwn(durations, key)) return durations[key];
    return undefined;
  },
  least: (start) => least[start],
});
