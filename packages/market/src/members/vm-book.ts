/**
 * The book of VMs: plants tell it what they have, so nobody is asked where a VM is or what an owner has. An entry stays
 * until its plant tells something else, also while the plant is away. An award is entered before its plant is asked, so
 * every VM counts.
 */
import {
  BoundedMap,
  keyText,
  type RequestKey,
  type ToldVm,
  type VmsChange,
  type VmsEvent,
  type VmsWhole,
  wholeOf,
} from '@vmgrid/protocol';
import { Lapses } from './lapses.ts';
import type { MemberChange } from './membership.ts';
import type { Usage } from './owner-use.ts';
import { ToldOrder, type VmNews, vmsIn } from './told-order.ts';
import { type Entry, type EntryListener, VmEntries } from './vm-entries.ts';

export interface VmBookOptions {
  readonly clock: { now(): number };
  /** True: entries of an absent plant stay. False: they go when the plant leaves. */
  readonly keepsAbsent: boolean;
  /** Called for each entry that has changed. */
  readonly entered?: EntryListener;
  /** Called with the news that changed the book, as they came. */
  readonly news?: (events: readonly VmsEvent[]) => void;
  /** Called for a VM that has changed or whose lease will end soon, with its entry before. */
  readonly changed?: (change: VmsChange, before: ToldVm | undefined) => void;
}

/** An entry that an earlier run of the daemon knew. `leftAt`: milliseconds since the epoch. */
export interface RememberedVm {
  readonly plantId: string;
  readonly vm: ToldVm;
  readonly leftAt: number;
}

/** The entries of one plant. */
export interface PlantVms {
  readonly vms: readonly ToldVm[];
  /**
   * Time at which it told something last, in milliseconds since the epoch. For an absent plant: the time at which it
   * left.
   */
  readonly toldAt: number;
}

/** The last place of a VM that is gone. */
interface FormerPlace {
  readonly plantId: string;
  readonly owner: string | undefined;
}

/** VMs that are gone and are remembered; the oldest go first. */
const GONE_KEPT = 10_000;

export class VmBook {
  readonly #options: VmBookOptions;
  readonly #entries: VmEntries;
  readonly #order = new ToldOrder();
  readonly #lapses = new Lapses();
  readonly #toldAt = new Map<string, number>();
  readonly #gone = new BoundedMap<string, FormerPlace>({ most: GONE_KEPT });

  constructor(options: VmBookOptions) {
    this.#options = options;
    this.#entries = new VmEntries((...entry) => options.entered?.(...entry));
  }

  /** Enters what an earlier run knew. It counts until its plants are back. */
  restore(remembered: readonly RememberedVm[]): void {
    const leftAt = new Map(remembered.map((one) => [one.plantId, one.leftAt]));
    for (const { plantId, vm } of remembered) this.#put(plantId, vm);
    for (const [plantId, at] of leftAt) this.#lapses.add(plantId, at, this.#entries.of(plantId));
  }

  /** A plant came or went. */
  note({ change, role, plantId }: MemberChange): void {
    if (role !== 'plant' || change === 'moved') return;
    if (change === 'joined') {
      this.#lapses.remove(plantId);
      return;
    }
    this.#order.forget(plantId);
    this.#toldAt.delete(plantId);
    if (!this.#options.keepsAbsent) for (const { key } of this.#entries.of(plantId)) this.#entries.remove(plantId, key);
    else if (this.#entries.has(plantId)) this.#noteAbsent(plantId, this.#options.clock.now());
  }

  /** Enters what a plant told over this link. @throws GridError LINK_PROTOCOL when an event before it is missing */
  apply(link: object, event: VmsEvent): void {
    const news = this.#order.apply(link, event);
    if (news === undefined) return;
    this.#toldAt.set(news.plantId, this.#options.clock.now());
    this.#enter(news);
    this.#options.news?.(news.kind === 'whole' ? news.pages : [news]);
  }

  /** Where a VM is, or was when its plant was heard of last. */
  find(vmId: string): { readonly plantId: string; readonly vm: ToldVm } | undefined {
    this.#forgetLapsed();
    return this.#entries.byVm(vmId);
  }

  /** Which plant told of a VM that is gone: it remembers its end. */
  goneFrom(vmId: string): FormerPlace | undefined {
    return this.#gone.get(vmId);
  }

  /** Sums what an owner has on all plants, creations under way included. */
  usageOf(owner: string): Usage {
    this.#forgetLapsed();
    return this.#entries.use.of(owner);
  }

  /** Tells whether the plant has told its whole since it joined. If so, it has no VM that is not in this book. */
  isCurrent(plantId: string): boolean {
    return this.#order.of(plantId) !== undefined;
  }

  /** Whether a plant that is here has what was made of a request, or makes it. */
  isHeldHere(key: RequestKey): boolean {
    return this.#entries.byRequest(keyText(key)).some(({ plantId }) => this.isCurrent(plantId));
  }

  /**
   * Returns what was made of a request, or may be, with its plant. Nearly always this is one entry; the oldest comes
   * first.
   */
  madeOf(key: RequestKey): readonly { readonly plantId: string; readonly vm: ToldVm }[] {
    this.#forgetLapsed();
    return this.#entries.byRequest(keyText(key));
  }

  holds(plantId: string, key: RequestKey): boolean {
    return this.#entries.get(plantId, keyText(key)) !== undefined;
  }

  /** Whether the owner has anything on a plant. */
  isAt(owner: string | undefined, plantId: string): boolean {
    return this.#entries.use.isAt(owner, plantId);
  }

  /** A request is awarded to a plant: it counts from now on, whatever the plant tells. */
  pin(plantId: string, vm: ToldVm): void {
    const known = this.#entries.get(plantId, keyText(vm));
    this.#entries.put(known ? { ...known, pinned: true } : entryOf(plantId, vm, { told: false, pinned: true }));
  }

  /**
   * The award is over. From then on what the plant has told counts. If it was not refused and the plant is away, it may
   * have the VM: then the award counts until the plant is back and has told what it has.
   */
  unpin(plantId: string, key: RequestKey, { refused }: { readonly refused: boolean }): void {
    const entry = this.#entries.get(plantId, keyText(key));
    if (!entry) return;
    const isOver = !entry.told && (refused || this.isCurrent(plantId));
    if (isOver) this.#entries.remove(plantId, entry.key);
    else this.#entries.put({ ...entry, pinned: false });
    const leftAt = this.#lapses.leftAt(plantId);
    if (leftAt !== undefined) this.#noteAbsent(plantId, leftAt);
  }

  /** Plants of which something is known. */
  plantIds(): readonly string[] {
    this.#forgetLapsed();
    return [...this.#entries.plantIds()];
  }

  isAbsent(plantId: string): boolean {
    return this.#lapses.has(plantId);
  }

  of(plantId: string): PlantVms {
    const toldAt = this.#lapses.leftAt(plantId) ?? this.#toldAt.get(plantId) ?? this.#options.clock.now();
    return { vms: this.#entries.of(plantId).map(({ vm }) => vm), toldAt };
  }

  /** All that is known of a plant, as the events that tell it; nothing when it has not told its whole since it came. */
  whole(plantId: string): readonly VmsWhole[] {
    const point = this.#order.of(plantId);
    return point === undefined ? [] : wholeOf({ plantId, ...point }, this.of(plantId).vms);
  }

  #forgetLapsed(): void {
    for (const { plantId, key } of this.#lapses.lapsed(this.#options.clock.now())) this.#entries.remove(plantId, key);
  }

  #noteAbsent(plantId: string, leftAt: number): void {
    this.#lapses.add(plantId, leftAt, this.#entries.of(plantId));
  }

  #enter(news: VmNews): void {
    const { plantId } = news;
    switch (news.kind) {
      case 'whole':
        this.#replace(plantId, vmsIn(news.pages));
        return;
      case 'change': {
        const before = this.#entries.get(plantId, keyText(news.vm))?.vm;
        this.#put(plantId, news.vm);
        this.#options.changed?.(news, before);
        return;
      }
      case 'gone':
        this.#drop(plantId, keyText(news));
        return;
    }
  }

  #replace(plantId: string, vms: readonly ToldVm[]): void {
    const keys = new Set(vms.map(keyText));
    for (const { key } of this.#entries.of(plantId)) if (!keys.has(key)) this.#drop(plantId, key);
    for (const vm of vms) this.#put(plantId, vm);
  }

  #put(plantId: string, vm: ToldVm): void {
    const before = this.#entries.get(plantId, keyText(vm));
    // A creation that waits for its turn has no lease yet. Until then the lease of the award counts.
    const leaseEndsAt = vm.leaseEndsAt ?? before?.vm.leaseEndsAt;
    const known = leaseEndsAt === undefined ? vm : { ...vm, leaseEndsAt };
    this.#entries.put(entryOf(plantId, known, { told: true, pinned: before?.pinned ?? false }));
  }

  /** The plant does not have it; an award that is not over counts on. */
  #drop(plantId: string, key: string): void {
    const entry = this.#entries.get(plantId, key);
    if (!entry) return;
    const { vmId, owner } = entry.vm;
    if (vmId !== undefined) this.#gone.set(vmId, { plantId, owner });
    if (entry.pinned) this.#entries.put({ ...entry, told: false });
    else this.#entries.remove(plantId, key);
  }
}

const entryOf = (plantId: string, vm: ToldVm, state: Pick<Entry, 'told' | 'pinned'>): Entry => ({
  ...{ plantId, key: keyText(vm), vm },
  ...state,
});
