/**
 * The standing offers' answers to one class of requests, kept in order from one auction to the next: a plant whose
 * offer has changed is priced anew and moved, all others stay where they are.
 */
import { declineOf } from '@vmgrid/bidding';
import type { EvaluationOptions } from '@vmgrid/classad';
import { type CallTerms, type Decline, GridError, type TrailRemoval } from '@vmgrid/protocol';
import { gapOf, lacking } from '../../auctions/nearest.ts';
import { kindOfRemoval, removalKey } from '../../auctions/summary.ts';
import { ORDER_RULES } from '../../rules/chain.ts';
import { compareBy } from '../../rules/compare-by.ts';
import { judging } from '../../rules/judge.ts';
import { requirements } from '../../rules/requirements.ts';
import type { Bidding } from '../bidding.ts';
import type { StandingPlant } from '../offers/standing-plant.ts';
import { BidOrder } from './bid-order.ts';
import { OrderedList } from './ordered-list.ts';
import { PriceList } from './price-list.ts';
import type { RequestClass } from './request-class.ts';

export interface Removed {
  readonly kind: 'removed';
  readonly plantId: string;
  readonly removal: TrailRemoval;
  readonly gap: number;
}

export interface Declining {
  readonly kind: 'declining';
  readonly plantId: string;
  readonly decline: Decline;
  /** Whether the plant declines whatever resources the owners use. */
  readonly comesFirst: boolean;
}

export type Entry = Bidding | Removed | Declining;

/** The view of an order from which answers are made. */
export interface OrderView {
  readonly bidding: Pick<BidOrder, 'size' | 'best'>;
  biddingOf(plantId: string): Bidding | undefined;
  /** By rule and conditions, those that missed least first. */
  readonly removed: readonly (readonly Removed[])[];
  /** By code, those that lack least first. */
  readonly declining: readonly (readonly Declining[])[];
}

export class ClassOrder implements OrderView {
  readonly #class: RequestClass;
  readonly #prices: PriceList;
  readonly #entries = new Map<string, Entry>();
  readonly #bidding: BidOrder;
  readonly #removed = new Map<string, OrderedList<Removed>>();
  readonly #declining = new Map<string, OrderedList<Declining>>();

  constructor(of: RequestClass, order: CallTerms['order']) {
    this.#class = of;
    this.#prices = new PriceList(of.my);
    this.#bidding = new BidOrder(compareBy(STANDING_RULES[order], standingValue));
  }

  get bidding(): OrderView['bidding'] {
    return this.#bidding;
  }

  biddingOf(plantId: string): Bidding | undefined {
    const entry = this.#entries.get(plantId);
    return entry?.kind === 'bidding' ? entry : undefined;
  }

  /** Whether the plant is here, and would decline because of an owner's resources before any other reason. */
  looksAtOwner(plantId: string): boolean {
    const entry = this.#entries.get(plantId);
    return entry !== undefined && !(entry.kind === 'declining' && entry.comesFirst);
  }

  get removed(): readonly (readonly Removed[])[] {
    return nonEmpty(this.#removed);
  }

  get declining(): readonly (readonly Declining[])[] {
    return nonEmpty(this.#declining);
  }

  /** Takes out a plant whose offer no longer stands. */
  remove(plantId: string): void {
    this.#take(plantId);
    this.#class.forget(plantId);
  }

  /** Places a plant by its entry, in place of the one before. */
  put(plantId: string, entry: Entry): void {
    this.#take(plantId);
    this.#entries.set(plantId, entry);
    this.#change('add', entry);
  }

  #take(plantId: string): void {
    const before = this.#entries.get(plantId);
    if (before) this.#change('remove', before);
    this.#entries.delete(plantId);
  }

  #change(how: 'add' | 'remove', entry: Entry): void {
    switch (entry.kind) {
      case 'bidding':
        this.#bidding[how](entry);
        return;
      case 'declining':
        listAt(this.#declining, entry.decline.code, compareDeclining)[how](entry);
        return;
      case 'removed':
        listAt(this.#removed, removalKey(kindOfRemoval(entry.removal)), compareRemoved)[how](entry);
        return;
    }
  }

  /**
   * Steps to the entry of a plant. `evaluation` is of the request's expressions, and its time that by which results get
   * too old. @throws GridError EXPRESSION_TOO_COSTLY
   */
  *entryOf(plant: StandingPlant, evaluation: EvaluationOptions = {}): Generator<undefined, Entry> {
    const { plantId } = plant;
    const { request, owner } = this.#class;
    const refusal = plant.refusal(request);
    if (refusal) return { kind: 'declining', plantId, decline: declineOf(plantId, refusal), comesFirst: true };
    try {
      const lack = owner.refusal(request.machine, plant);
      if (lack) throw lack;
      const planned = this.#class.plan(plant, evaluation.now);
      const { plan } = planned;
      const cost = this.#prices.priceOf(plant, planned);
      const look = () => ({ ...evaluation, my: this.#class.my, target: plant.adOn(plan.line) });
      const { unmet, rank } = yield* judging(this.#class, look);
      if (unmet) {
        const removal = { rule: requirements.name, plantId, ...unmet };
        return { kind: 'removed', plantId, removal, gap: gapOf(removal) };
      }
      return { kind: 'bidding', plant, plan, cost, rank, place: 0 };
    } catch (error) {
      if (!(error instanceof GridError) || error.code === 'EXPRESSION_TOO_COSTLY') throw error;
      return { kind: 'declining', plantId, decline: declineOf(plantId, error), comesFirst: false };
    }
  }
}

const nonEmpty = <T>(lists: ReadonlyMap<string, OrderedList<T>>): (readonly T[])[] =>
  [...lists.values()].flatMap(({ items }) => (items.length > 0 ? [items] : []));

function listAt<T>(lists: Map<string, OrderedList<T>>, key: string, compare: (a: T, b: T) => number): OrderedList<T> {
  const list = lists.get(key) ?? new OrderedList(compare);
  lists.set(key, list);
  return list;
}

/** All but the tie-break, which each request seeds anew: bids that only it tells apart stand side by side. */
const standingRules = (order: CallTerms['order']) =>
  ORDER_RULES[order].flatMap(({ name, better }) => (name === 'tieBreak' ? [] : [{ name, better }]));

const STANDING_RULES = { cheapest: standingRules('cheapest'), soonest: standingRules('soonest') };

/** Returns the value of a standing bid that a rule compares. */
function standingValue({ cost, rank, plan }: Bidding, name: 'cost' | 'rank' | 'expectedSeconds'): number {
  switch (name) {
    case 'cost':
      return cost;
    case 'rank':
      return rank;
    case 'expectedSeconds':
      return plan.expectedSeconds;
  }
}

const compareRemoved = (a: Removed, b: Removed): number => a.gap - b.gap || compareText(a.plantId, b.plantId);

export const compareDeclining = (a: Declining, b: Declining): number =>
  lacking(a.decline) - lacking(b.decline) || compareText(a.plantId, b.plantId);

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
