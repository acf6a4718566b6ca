import type { CallTerms, CreateRequest } from '@vmgrid/protocol';
import { MARKET_LIMITS } from '../limits.ts';
import { ClassOrder } from './class-order.ts';
import type { OwnerClass } from './owner-shares.ts';
import { classKey, RequestClass } from './request-class.ts';
import type { StandingPlant } from './standing-plant.ts';

/** What an order is for. */
export interface Ordered {
  readonly request: CreateRequest;
  readonly owner: OwnerClass;
}

interface Kept {
  readonly order: ClassOrder;
  /** Changes of offers that the order has taken in. */
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

  /** Good until the next change or call. `except`: plants that are left out. */
  orderFor(
    ordered: Ordered,
    { order, openedAt }: Pick<CallTerms, 'order' | 'openedAt'>,
    except: ReadonlySet<string>,
  ): ClassOrder {
    const found = this.#upToDate(ordered, order, openedAt);
    for (const plantId of except) {
      found.update(plantId, undefined);
      this.changed(plantId);
    }
    return found;
  }

  #upToDate({ request, owner }: Ordered, order: CallTerms['order'], openedAt: string): ClassOrder {
    const key = `${order} ${owner.key} ${classKey(request)}`;
    const kept = this.#kept.get(key);
    if (kept) {
      this.#catchUp(kept);
      this.#keep(key, kept);
      return kept.order;
    }
    const now = new WatchedDate(openedAt);
    const made = new ClassOrder(new RequestClass(request, owner), order, now, this.#plants.values());
    // What depends on the time is another order at the next auction.
    if (!now.wasRead) this.#keep(key, { order: made, seen: this.#forgotten + this.#changes.length });
    return made;
  }

  #catchUp(kept: Kept): void {
    const news = new Set(this.#changes.slice(kept.seen - this.#forgotten));
    kept.seen = this.#forgotten + this.#changes.length;
    for (const plantId of news) kept.order.update(plantId, this.#plants.get(plantId));
  }

  #keep(key: string, kept: Kept): void {
    this.#kept.delete(key);
    if (key.length > KEY_CHARS) return;
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

/** Tells whether its time was asked for. */
class WatchedDate extends Date {
  wasRead = false;

  override getTime(): number {
    this.wasRead = true;
    return super.getTime();
  }
}
