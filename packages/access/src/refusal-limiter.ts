import type { AuditNote } from './audit-note.ts';

/** Refusals noted per minute for all who share a budget, so that nobody who was refused fills the trail. */
export const REFUSALS_PER_MINUTE = 60;
const MINUTE_MS = 60_000;

/** Counts the refusals of a minute that were not noted. */
export interface Unnoted {
  readonly of: string;
  readonly count: number;
  /** Milliseconds since the epoch. */
  readonly from: number;
}

/** Gives a budget to strangers, to links, and to each owner that asks too often. Accepted requests need none. */
export class RefusalLimiter {
  readonly #tell: (unnoted: Unnoted) => void;
  readonly #noted = new Map<string, number>();
  #from = 0;

  constructor(tell: (unnoted: Unnoted) => void) {
    this.#tell = tell;
  }

  /** Uses one unit of the budget; `now`: milliseconds since the epoch. */
  hasRoomFor(note: AuditNote, now: number): boolean {
    const of = budgetOf(note);
    if (of === undefined) return true;
    const from = now - (now % MINUTE_MS);
    if (from !== this.#from) this.tell();
    this.#from = from;
    const noted = (this.#noted.get(of) ?? 0) + 1;
    this.#noted.set(of, noted);
    return noted <= REFUSALS_PER_MINUTE;
  }

  /** Reports the minute that has ended or is cut short. */
  tell(): void {
    for (const [of, noted] of this.#noted) {
      if (noted > REFUSALS_PER_MINUTE) this.#tell({ of, count: noted - REFUSALS_PER_MINUTE, from: this.#from });
    }
    this.#noted.clear();
  }
}

function budgetOf({ door, owner, outcome }: AuditNote): string | undefined {
  if (owner === undefined) return door === 'link' ? 'links' : 'strangers';
  return outcome === 'QUOTA_REQUESTS' ? `the owner ${owner}` : undefined;
}
