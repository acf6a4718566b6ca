import type { AuditNote } from './audit-note.ts';

/**
 * Refusals that are noted in a minute of those who share a budget, so that nobody fills the trail without having been
 * let in.
 */
export const REFUSALS_PER_MINUTE = 60;
const MINUTE_MS = 60_000;

/** How many more there were in a minute than were noted. */
export interface Unnoted {
  readonly of: string;
  readonly count: number;
  /** Milliseconds since the epoch. */
  readonly from: number;
}

/**
 * Strangers, links, and each owner that asks more often than it may, have a budget of their own; what was let in needs
 * none.
 */
export class RefusalLimiter {
  readonly #tell: (unnoted: Unnoted) => void;
  readonly #noted = new Map<string, number>();
  #from = 0;

  constructor(tell: (unnoted: Unnoted) => void) {
    this.#tell = tell;
  }

  /** Takes one; `now`: milliseconds since the epoch. */
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

  /** Tells of the minute that is over, or is to be. */
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
