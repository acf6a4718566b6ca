/**
 * Keeps plants that are not connected, and until when their entries count. A VM counts until its lease ends: then its
 * plant takes it away. A VM that outlives its lease counts as long as the longest lease.
 */
import { REQUEST_LIMITS } from '@vmgrid/protocol';
import type { Entry } from './vm-entries.ts';

/** How long something without an end of its own counts after its plant has left. */
const ABSENT_KEPT_MS = REQUEST_LIMITS.leaseMaxMs;

interface Lapsing {
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

interface AbsentPlant {
  readonly leftAt: number;
  /** The next one last. */
  readonly lapsing: Lapsing[];
}

export class Lapses {
  readonly #plants = new Map<string, AbsentPlant>();
  /** Before it nothing lapses: most questions cost one comparison. */
  #nextAt = Number.POSITIVE_INFINITY;

  has(plantId: string): boolean {
    return this.#plants.has(plantId);
  }

  leftAt(plantId: string): number | undefined {
    return this.#plants.get(plantId)?.leftAt;
  }

  /** With what it had as it left; again when that has changed. */
  add(plantId: string, leftAt: number, entries: readonly Entry[]): void {
    const lapsing = entries
      .filter(({ pinned }) => !pinned)
      .map((entry) => ({ key: entry.key, at: endOf(entry, leftAt) }));
    lapsing.sort((a, b) => b.at - a.at);
    this.#plants.set(plantId, { leftAt, lapsing });
    this.#nextAt = Math.min(this.#nextAt, lapsing.at(-1)?.at ?? Number.POSITIVE_INFINITY);
  }

  remove(plantId: string): void {
    this.#plants.delete(plantId);
  }

  /** Those that count no longer. */
  lapsed(now: number): readonly { readonly plantId: string; readonly key: string }[] {
    if (now < this.#nextAt) return [];
    const ended = [...this.#plants].flatMap(([plantId, { lapsing }]) =>
      endedIn(lapsing, now).map(({ key }) => ({ plantId, key })),
    );
    const nexts = [...this.#plants.values()].map(({ lapsing }) => lapsing.at(-1)?.at ?? Number.POSITIVE_INFINITY);
    this.#nextAt = nexts.reduce((least, at) => Math.min(least, at), Number.POSITIVE_INFINITY);
    return ended;
  }
}

function endedIn(lapsing: Lapsing[], now: number): Lapsing[] {
  const first = lapsing.findLastIndex(({ at }) => at > now) + 1;
  return lapsing.splice(first);
}

const endOf = ({ vm }: Entry, leftAt: number): number =>
  vm.leaseEndsAt === undefined || vm.atLeaseEnd === 'suspend' ? leftAt + ABSENT_KEPT_MS : Date.parse(vm.leaseEndsAt);
