/** What a plant limits its owners to, and what each has there, by fingerprints: told as it changes. */
import type { OwnerLimits, OwnerShare, StandingChange, StandingOffer } from '@vmgrid/protocol';
import { NOTHING_USED, type Usage } from './admission.ts';
import { ownerFingerprint } from './owner-fingerprint.ts';

export interface LimitsOfOwners {
  /** Of each owner that has none of its own. */
  readonly others: OwnerLimits;
  readonly named: ReadonlyMap<string, OwnerLimits>;
}

export class OwnerBook {
  readonly #limits: LimitsOfOwners;
  readonly #isLimiting: boolean;
  readonly #shares = new Map<string, OwnerShare>();
  /** Fingerprints that those above know, and those whose share may be other than they know. */
  readonly #told = new Set<string>();
  readonly #news = new Set<string>();

  constructor(limits: LimitsOfOwners = { others: {}, named: new Map() }) {
    this.#limits = limits;
    this.#isLimiting = limits.named.size > 0 || Object.keys(limits.others).length > 0;
    for (const owner of limits.named.keys()) this.note(owner, NOTHING_USED);
  }

  get size(): number {
    return this.#shares.size;
  }

  get others(): OwnerLimits {
    return this.#limits.others;
  }

  limitsOf(owner: string): OwnerLimits {
    return this.#limits.named.get(owner) ?? this.#limits.others;
  }

  /** What an owner has now. Where nobody is limited nothing is noted. */
  note(owner: string, used: Usage): void {
    if (!this.#isLimiting) return;
    const fingerprint = ownerFingerprint(owner);
    const limits = this.#limits.named.get(owner);
    if (limits || used.vms > 0) this.#shares.set(fingerprint, { used, ...(limits && { limits }) });
    else this.#shares.delete(fingerprint);
    if (this.#shares.has(fingerprint) || this.#told.has(fingerprint)) this.#news.add(fingerprint);
    else this.#news.delete(fingerprint);
  }

  all(): StandingOffer['owners'] {
    return Object.fromEntries(this.#shares);
  }

  /** What has changed since this was asked last. */
  takeNews(): Pick<StandingChange, 'owners'> {
    if (this.#news.size === 0) return {};
    const owners = Object.fromEntries(
      [...this.#news].map((fingerprint) => [fingerprint, this.#shares.get(fingerprint) ?? null]),
    );
    for (const [fingerprint, share] of Object.entries(owners)) {
      if (share) this.#told.add(fingerprint);
      else this.#told.delete(fingerprint);
    }
    this.#news.clear();
    return { owners };
  }
}
