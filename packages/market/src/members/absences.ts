/**
 * Plants that are known and not connected. For a first while each may come back any moment, and is waited for by
 * whoever cannot do without it; afterwards it is still named among those that give no answer, until it is forgotten.
 */
import { MARKET_LIMITS } from '../limits.ts';
import type { MarketClock } from '../market-clock.ts';
import type { MemberChange } from './membership.ts';

export interface Absence {
  readonly plantId: string;
  /** Milliseconds since it left. */
  readonly absentMs: number;
}

export interface AbsencesOptions {
  readonly clock: Pick<MarketClock, 'monotonic' | 'sleep'>;
  /** How long a plant that left is waited for. */
  readonly returnMs: number;
  /** How long it is named. */
  readonly forgetMs: number;
  /** Absent when the daemon begins. */
  readonly before?: readonly Absence[];
}

export class Absences {
  readonly #options: AbsencesOptions;
  readonly #beganAt: number;
  /** When each left, the longest absent first. */
  readonly #leftAt = new Map<string, number>();
  readonly #arrivals = new Set<() => void>();
  /** When the last one left: past its time nobody is waited for, and each create asks. */
  #lastLeftAt = Number.NEGATIVE_INFINITY;

  constructor({ before = [], ...options }: AbsencesOptions) {
    this.#options = options;
    this.#beganAt = options.clock.monotonic();
    const longestFirst = before.toSorted((a, b) => b.absentMs - a.absentMs);
    for (const { plantId, absentMs } of longestFirst) this.#left(plantId, this.#beganAt - absentMs);
  }

  note({ change, role, plantId }: MemberChange): void {
    if (role !== 'plant' || change === 'moved') return;
    this.#leftAt.delete(plantId);
    if (change === 'left') this.#left(plantId, this.#options.clock.monotonic());
    else for (const arrived of this.#arrivals) arrived();
  }

  /** Everyone who is absent and not forgotten. */
  all(): readonly Absence[] {
    const now = this.#options.clock.monotonic();
    for (const [plantId, leftAt] of this.#leftAt) {
      if (now - leftAt < this.#options.forgetMs) break;
      this.#leftAt.delete(plantId);
    }
    return [...this.#leftAt].map(([plantId, leftAt]) => ({ plantId, absentMs: now - leftAt }));
  }

  /** Those that may come back any moment. When nobody may, it costs the same however many are absent. */
  awaited(): readonly string[] {
    if (this.#leftAt.size === 0 || this.#leftFrom(this.#lastLeftAt) === 0) return [];
    return this.all().flatMap(({ plantId, absentMs }) => (absentMs < this.#options.returnMs ? [plantId] : []));
  }

  /** How much longer the plant is waited for, in milliseconds; 0 when it is not, or is not absent. */
  waitMs(plantId: string): number {
    const leftAt = this.#leftAt.get(plantId);
    return leftAt === undefined ? 0 : this.#leftFrom(leftAt);
  }

  /** How much longer a daemon that began without plants may expect its first, in milliseconds. */
  get firstWaitMs(): number {
    return this.#leftFrom(this.#beganAt);
  }

  /** Resolves when a plant comes, known or not, or none is waited for any more. @throws what the signal aborts with */
  async arrival(signal?: AbortSignal): Promise<void> {
    const longestMs = Math.max(0, ...this.awaited().map((plantId) => this.waitMs(plantId)));
    const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
    const ended = new AbortController();
    const signals = signal === undefined ? [ended.signal] : [ended.signal, signal];
    this.#arrivals.add(arrive);
    try {
      await Promise.race([arrived, this.#options.clock.sleep(longestMs, AbortSignal.any(signals))]);
    } finally {
      this.#arrivals.delete(arrive);
      ended.abort();
    }
  }

  #left(plantId: string, at: number): void {
    this.#leftAt.set(plantId, at);
    this.#lastLeftAt = at;
    if (this.#leftAt.size > MARKET_LIMITS.plantsRemembered) this.#leftAt.delete(this.#leftAt.keys().next().value!);
  }

  #leftFrom(time: number): number {
    return Math.max(0, time + this.#options.returnMs - this.#options.clock.monotonic());
  }
}
