/** A plant's limits for owners, and each owner's usage, by fingerprints. Records its changes. */
import type { OwnerLimits, OwnerShare, StandingChange, StandingOffer } from '@vmgrid/protocol';
import { NOTHING_USED, type Usage } from './admission.ts';
import { ownerFingerprint } from './owner-fingerprint.ts';

export interface LimitsOfOwners {
  /** Limits of owners without limits of their own. */
  readonly others: OwnerLimits;
  readonly named: ReadonlyMap<string, OwnerLimits>;
}

export class OwnerBook {
  readonly #limits: LimitsOfOwners;
  readonly #isLimiting: boolean;
  readonly #shares = new Map<string, OwnerShare>();
  /** Fingerprints that those above know, and those whose share may differ from what they know. */
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

  /** Notes an owner's present usage. When nobody is limited it does nothing. */
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

  /** Returns the changes since the last call. */
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
