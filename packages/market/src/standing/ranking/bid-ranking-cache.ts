import type { EvaluationOptions } from '@vmgrid/classad';
import { digestAction, indexDag } from '@vmgrid/dag';
import type { CallTerms, CreateRequest } from '@vmgrid/protocol';
import { MARKET_LIMITS } from '../../limits.ts';
import type { OwnerClass } from '../offers/owner-shares.ts';
import type { StandingPlant } from '../offers/standing-plant.ts';
import { ClassOrder } from './class-order.ts';
import { classKey, leastKeyChars, RequestClass } from './request-class.ts';

/** The requests for which an order of bids holds. */
export interface Ordered {
  readonly request: CreateRequest;
  readonly owner: OwnerClass;
  /** How the request's expressions are worked out, apart from the time. */
  readonly evaluation: EvaluationOptions;
}

interface Kept {
  readonly order: ClassOrder;
  /** An order that depends on the time is not kept: it is another one at the next auction. */
  dependsOnTime: boolean;
  /** Plants that the order has yet to place anew. */
  readonly pending: Set<string>;
  /** Changes of offers that it has placed, or that are pending. */
  seen: number;
}

/** The orders of the request classes that were used last, each brought up to date when it is used. */
export class BidRankingCache {
  readonly #plants: ReadonlyMap<string, StandingPlant>;
  readonly #kept = new Map<string, Kept>();
  /** Ids of plants whose offers have changed, the latest last; `#forgotten` older ones have been dropped. */
  #changes: string[] = [];
  #forgotten = 0;

  constructor(plants: ReadonlyMap<string, StandingPlant>) {
    this.#plants = plants;
  }

  changed(plantId: string): void {
    this.#changes.push(plantId);
    if (this.#changes.length <= 2 * this.#plants.size + CHANGES_KEPT) return;
    const dropped = this.#changes.length >> 1;
    this.#changes = this.#changes.slice(dropped);
    this.#forgotten += dropped;
    for (const [key, { seen }] of this.#kept) if (seen < this.#forgotten) this.#kept.delete(key);
  }

  /** An order that is up to date, without some plants. Good until the next change or call. */
  orderFor({ order }: Kept, except: ReadonlySet<string>): ClassOrder {
    for (const plantId of except) {
      order.remove(plantId);
      this.changed(plantId);
    }
    return order;
  }

  /** Steps to the order of a class, one for each plant that is placed. @throws GridError EXPRESSION_TOO_COSTLY */
  *upToDate(ordered: Ordered, terms: Pick<CallTerms, 'order' | 'openedAt'>): Generator<undefined, Kept> {
    const key = keyOf(ordered, terms.order);
    const known = key === undefined ? undefined : this.#kept.get(key);
    let kept = known && !known.dependsOnTime ? known : yield* this.#begin(ordered, terms);
    yield;
    const now = new WatchedDate(terms.openedAt);
    const evaluation = { ...ordered.evaluation, now };
    while (kept.pending.size > 0 || kept.seen < this.#forgotten + this.#changes.length) {
      if (kept.seen < this.#forgotten) kept = yield* this.#begin(ordered, terms);
      for (const plantId of this.#changes.slice(kept.seen - this.#forgotten)) kept.pending.add(plantId);
      kept.seen = this.#forgotten + this.#changes.length;
      for (const plantId of kept.pending) {
        yield* this.#place(plantId, kept, evaluation);
        kept.dependsOnTime ||= now.wasRead;
        yield;
      }
    }
    if (key === undefined) return kept;
    if (kept.dependsOnTime) this.#kept.delete(key);
    else this.#keep(key, kept);
    return kept;
  }

  /** Steps to the place of a plant. One whose offer changes meanwhile still has to be placed. */
  *#place(plantId: string, { order, pending }: Kept, evaluation: EvaluationOptions): Generator<undefined, void> {
    const plant = this.#plants.get(plantId);
    const entry = plant && (yield* order.entryOf(plant, evaluation));
    if (this.#plants.get(plantId) !== plant) return;
    if (entry) order.put(plantId, entry);
    else order.remove(plantId);
    pending.delete(plantId);
  }

  /** A step for each action: a large one takes milliseconds to digest. */
  *#begin({ request, owner }: Ordered, { order }: Pick<CallTerms, 'order'>): Generator<undefined, Kept> {
    const digests: string[] = [];
    for (const action of request.dag.actions) {
      digests.push(digestAction(action));
      yield;
    }
    const of = new RequestClass(request, owner, indexDag(request.dag, digests));
    return {
      ...{ order: new ClassOrder(of, order), dependsOnTime: false },
      ...{ pending: new Set(this.#plants.keys()), seen: this.#forgotten + this.#changes.length },
    };
  }

  #keep(key: string, kept: Kept): void {
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    const most = Math.max(1, Math.floor(MARKET_LIMITS.standingAnswers / (this.#plants.size + 1)));
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= Math.min(most, CLASSES_KEPT)) return;
      this.#kept.delete(oldest);
    }
  }
}

const CHANGES_KEPT = 1_024;
const CLASSES_KEPT = 256;
/** Larger requests are not kept: they would take more than their order. */
const KEY_CHARS = 65_536;

/** Returns nothing for a request that is too large to be kept. */
function keyOf({ request, owner }: Ordered, order: CallTerms['order']): string | undefined {
  if (leastKeyChars(request) > KEY_CHARS) return undefined;
  const key = `${order} ${owner.key} ${classKey(request)}`;
  return key.length > KEY_CHARS ? undefined : key;
}

/** Tells whether its time was asked for. */
class WatchedDate extends Date {
  wasRead = false;

  override getTime(): number {
    this.wasRead = true;
    return super.getTime();
  }
}
