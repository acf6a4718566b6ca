/**
 * The prices of one class of requests. A cost is worked out once for all plants whose ads are alike in what it looks
 * at: few costs look at more than what is free.
 */
import { priceOf } from '@vmgrid/bidding';
import type { ClassAd, Expression } from '@vmgrid/classad';
import type { ClassAdJson } from '@vmgrid/protocol';
import { type StandingPlant, shared } from '../offers/standing-plant.ts';
import type { Planned } from './request-class.ts';
import { WatchedAd } from './watched-ad.ts';

/** Prices by the values of the attributes that were looked at to find them. */
interface Looked {
  readonly names: readonly string[];
  readonly prices: Map<string, number>;
}

/** Ways through a cost that are remembered: one that branches looks at other attributes here than there. */
const WAYS_KEPT = 8;

export class PriceList {
  readonly #request: ClassAd;
  readonly #ways = new WeakMap<Planned, WeakMap<Expression, Looked[]>>();

  constructor(request: ClassAd) {
    this.#request = request;
  }

  /** @throws GridError CONFIG_INVALID when the plant's cost gives no number */
  priceOf(plant: StandingPlant, planned: Planned): number {
    const { line } = planned.plan;
    const ad = plant.adJsonOn(line);
    const ways = this.#waysOf(plant.cost, planned);
    for (const { names, prices } of ways) {
      const price = prices.get(valuesOf(ad, names));
      if (price !== undefined) return price;
    }
    const watched = new WatchedAd(plant.adOn(line));
    const price = priceOf(plant.cost, { request: this.#request, plant: watched, plan: planned.ad });
    const names = watched.namesRead;
    if (names?.every((name) => Object.hasOwn(ad, name))) remember(ways, names, [ad, price]);
    return price;
  }

  #waysOf(cost: Expression, planned: Planned): Looked[] {
    const ofPlan = this.#ways.get(planned) ?? new WeakMap<Expression, Looked[]>();
    this.#ways.set(planned, ofPlan);
    const ways = ofPlan.get(cost) ?? [];
    ofPlan.set(cost, ways);
    return ways;
  }
}

/** The attributes that were read decide which one is read next: equal values lead to the same one. */
function remember(ways: Looked[], names: readonly string[], [ad, price]: readonly [ClassAdJson, number]): void {
  let way = ways.find((one) => one.names.join() === names.join());
  if (!way) {
    if (ways.length === WAYS_KEPT) ways.shift();
    way = { names, prices: new Map() };
    ways.push(way);
  }
  shared(way.prices, valuesOf(ad, names), () => price);
}

const valuesOf = (ad: ClassAdJson, names: readonly string[]): string =>
  names.map((name) => JSON.stringify(ad[name])).join();
