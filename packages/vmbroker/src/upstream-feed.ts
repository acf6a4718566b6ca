/**
 * Tells one shop or broker above what is below. After a hello it tells all plants, one by one and no faster than the
 * link takes it, then each change. A change of a plant whose turn has not come is told with its turn.
 */
import type { MemberChange, VmBook } from '@vmgrid/market';
import {
  BROKER_LIMITS,
  type LinkClient,
  type PlantBelow,
  TOLD_LIMITS,
  type VmsEvent,
  vmCountOf,
} from '@vmgrid/protocol';
import { NewsBatch, type NewsLink } from './news-batch.ts';

export interface Known {
  readonly plants: readonly PlantBelow[];
  readonly book: Pick<VmBook, 'whole'>;
}

export class UpstreamFeed {
  readonly #link: NewsLink & Pick<LinkClient, 'flushed'>;
  readonly #book: Known['book'];
  /** Plants whose turn has not come. */
  readonly #untold: Map<string, PlantBelow>;
  /** Plants whose VMs are to be told again: whoever could not use the way before has heard nothing of them. */
  readonly #moved = new Set<string>();
  #isTelling = false;
  #batch = new NewsBatch();
  #isOver = false;

  /** Begins the feed of an upstream that has just heard the hello and knows of no plant. */
  constructor(link: NewsLink & Pick<LinkClient, 'flushed'>, { plants, book }: Known) {
    this.#link = link;
    this.#book = book;
    this.#untold = new Map(plants.map((plant) => [plant.plantId, plant]));
  }

  /** Resolves when all is told, or the link has ended. */
  async tellAll(): Promise<void> {
    this.#isTelling = true;
    while (this.#untold.size + this.#moved.size > 0 && !this.#isOver) {
      this.#takeTurns();
      this.#send();
      if (!(await this.#link.flushed())) return;
    }
    this.#isTelling = false;
  }

  /** Ends this feed: the link has come up again, and another feed takes its place. */
  stop(): void {
    this.#isOver = true;
  }

  member({ change, plantId, version, via, reason = '' }: MemberChange): void {
    const plant = { plantId, version, via };
    if (change === 'left') {
      this.#moved.delete(plantId);
      if (!this.#untold.delete(plantId)) this.#batchAfter(plantId).leave(plantId, reason);
    } else if (this.#untold.has(plantId)) {
      this.#untold.set(plantId, plant);
    } else {
      this.#batchAfter(plantId).join(plant);
      if (change === 'moved') this.#moved.add(plantId);
      if (change === 'moved' && !this.#isTelling) void this.tellAll();
    }
  }

  /** Passes on what plants told of their VMs. */
  vms(events: readonly VmsEvent[]): void {
    for (const event of events) if (!this.#untold.has(event.plantId)) this.#open().tell(event);
  }

  #takeTurns(): void {
    let [plants, vms] = [0, 0];
    for (const turns of [this.#untold.keys(), this.#moved]) {
      for (const plantId of turns) {
        if (plants === BROKER_LIMITS.membersPerMessage || vms >= TOLD_LIMITS.vmsOfPage) return;
        plants += 1;
        vms += this.#tell(plantId);
      }
    }
  }

  /** Returns how many VMs the plant has. */
  #tell(plantId: string): number {
    const whole = this.#book.whole(plantId);
    const plant = this.#untold.get(plantId);
    if (plant) this.#batchAfter(plantId).join(plant);
    this.#untold.delete(plantId);
    this.#moved.delete(plantId);
    for (const page of whole) this.#open().tell(page);
    return whole.reduce((vms, page) => vms + vmCountOf(page), 0);
  }

  /** Returns a batch that is sent after all earlier news of the plant. */
  #batchAfter(plantId: string): NewsBatch {
    if (this.#batch.has(plantId)) this.#send();
    return this.#open();
  }

  /**
   * Returns the batch that is sent in this very turn of the event loop. So news goes out before the answer to a call.
   */
  #open(): NewsBatch {
    if (this.#batch.isEmpty) queueMicrotask(() => this.#send());
    return this.#batch;
  }

  #send(): void {
    const batch = this.#batch;
    this.#batch = new NewsBatch();
    if (!this.#isOver) batch.sendTo(this.#link);
  }
}
