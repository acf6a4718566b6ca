import {
  bytesOf,
  type Durations,
  type ImageIndex,
  type LineReports,
  parseCost,
  plantAd,
  refusalOf,
  type Wanted,
} from '@vmgrid/bidding';
import type { ClassAd, Expression } from '@vmgrid/classad';
import { adToJson, type ClassAdJson, type GridError, type LineName, type StandingOffer } from '@vmgrid/protocol';

/** Parts that very many plants have in common, each kept once. */
export class SharedParts {
  readonly #costs = new Map<string, Expression>();
  readonly #lines = new Map<string, LineReports>();

  /** @throws GridError CONFIG_INVALID */
  cost(text: string): Expression {
    return shared(this.#costs, text, () => parseCost(text));
  }

  lines(reports: StandingOffer['plant']['lines']): LineReports {
    return shared(this.#lines, JSON.stringify(reports), () => new Map(reports.map((report) => [report.line, report])));
  }
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

interface AdOnLine {
  readonly ad: ClassAd;
  readonly json: ClassAdJson;
}

/** A plant by its standing offer, ready to have bids computed. Immutable. */
export class StandingPlant {
  readonly plantId: string;
  readonly offer: StandingOffer;
  readonly images: ImageIndex;
  readonly lines: LineReports;
  readonly cost: Expression;
  readonly durations: Durations;
  readonly ad: ClassAd;
  /** For the tie-break. */
  readonly idBytes: Uint8Array;
  readonly #onLine = new Map<LineName, AdOnLine>();

  /** @throws GridError CONFIG_INVALID when the cost does not parse */
  constructor(offer: StandingOffer, images: ImageIndex, parts: SharedParts) {
    this.plantId = offer.plant.plantId;
    this.offer = offer;
    this.images = images;
    this.lines = parts.lines(offer.plant.lines);
    this.cost = parts.cost(offer.cost);
    this.durations = durationsOf(offer);
    this.ad = plantAd(offer.plant);
    this.idBytes = bytesOf(offer.plant.plantId);
  }

  /** What a bid's rules see as TARGET, and the form in which a bid has it. */
  adOn(line: LineName): AdOnLine {
    const known = this.#onLine.get(line);
    if (known) return known;
    const ad = this.ad.with('Line', line);
    const made = { ad, json: adToJson(ad) };
    this.#onLine.set(line, made);
    return made;
  }

  refusal(wanted: Wanted): GridError | undefined {
    return refusalOf(wanted, this.offer);
  }
}

const durationsOf = ({ durations, least }: StandingOffer): Durations => ({
  expect(...keys) {
    for (const key of keys) if (Object.hasOwn(durations, key)) return durations[key];
    return undefined;
  },
  least: (start) => least[start],
});
