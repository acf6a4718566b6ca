import type { ErrorCode, GridError, PlantBackoff } from '@vmgrid/protocol';
import { backoffMs, isInBackoff } from './backoff.ts';
import { MARKET_LIMITS } from './limits.ts';

/** Failures of awards that are the client's doing or wish; all others count against the plant. */
const NOT_THE_PLANTS_FAULT: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ACTION_FAILED',
  'ACTION_TIMEOUT',
  'GUEST_RESTARTED',
  'ATTRIBUTES_INVALID',
  'CANCELLED',
  'IDEMPOTENCY_CONFLICT',
  'FILE_CORRUPT',
  'FILE_UNKNOWN',
  'REQUEST_CANCELLED',
  'REQUEST_EXPIRED',
  'REQUEST_SPENT',
  'REQUEST_INVALID',
  'DURATION_INVALID',
  'BODY_TOO_LARGE',
  'QUOTA_VMS',
  'QUOTA_MEMORY',
  'QUOTA_DISK',
]);

/**
 * Remembers from one auction to the next which plants failed lately and which do not answer. It is a cache: losing it
 * costs at most another failure or another deadline.
 */
export class PlantFailureHistory {
  readonly #now: () => number;
  readonly #records = new Map<string, PlantBackoff>();
  readonly #silences = new Map<string, { readonly inARow: number; readonly lastAt: number }>();

  constructor(clock: { now(): number }) {
    this.#now = () => clock.now();
  }

  /** The plants that are in backoff now, the longest first, so many at most. */
  allInBackoff(most: number): PlantBackoff[] {
    const now = this.#now();
    const held = [...this.#records.values()].filter((record) => isInBackoff(record, now));
    return held.sort((a, b) => b.backoffUntil - a.backoffUntil).slice(0, most);
  }

  /** Whether an auction waits for the plant's answer. A plant that stayed silent gets another chance after a while. */
  isAwaited(plantId: string): boolean {
    const silence = this.#silences.get(plantId);
    if (!silence || silence.inARow < MARKET_LIMITS.silencesUntilUnawaited) return true;
    // a clock that was set back is no reason to wait
    return Math.abs(this.#now() - silence.lastAt) >= MARKET_LIMITS.awaitAgainMs;
  }

  answered(plantId: string): void {
    this.#silences.delete(plantId);
  }

  /** The plant was awaited and did not answer. */
  silent(plantId: string): void {
    const inARow = (this.#silences.get(plantId)?.inARow ?? 0) + 1;
    remember(this.#silences, plantId, { inARow, lastAt: this.#now() });
  }

  /** The plant did what it was awarded. */
  succeeded(plantId: string): void {
    this.#records.delete(plantId);
  }

  /** The plant took an award and failed at it; what the client brought about does not count. */
  failed(plantId: string, error: GridError): void {
    if (NOT_THE_PLANTS_FAULT.has(error.code)) return;
    const failures = (this.#records.get(plantId)?.failures ?? 0) + 1;
    const backoffUntil = this.#now() + backoffMs(failures);
    remember(this.#records, plantId, { plantId, failures, lastCode: error.code, backoffUntil });
  }
}

/** Keeps the map bounded: what was written longest ago goes first. */
function remember<V>(map: Map<string, V>, plantId: string, value: V): void {
  map.delete(plantId);
  map.set(plantId, value);
  if (map.size > MARKET_LIMITS.plantsRemembered) map.delete(map.keys().next().value!);
}
