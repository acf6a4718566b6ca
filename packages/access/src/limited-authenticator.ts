import { GridError } from '@vmgrid/protocol';
import type { Authenticator } from './access.ts';
import type { Principal } from './principal.ts';

export interface RateOptions {
  /** Requests per second that an owner may make; undefined: any number. */
  readonly perSecond: (owner: string) => number | undefined;
  /** A clock in milliseconds that never goes back. */
  readonly now?: () => number;
}

/** Names the owner who made one request too many, for the audit trail; empty for every other error. */
export function ownerOverRate(error: unknown): { readonly owner?: string } {
  const isOver = error instanceof GridError && error.code === 'QUOTA_REQUESTS';
  return isOver ? { owner: String(error.details.owner) } : {};
}

interface Bucket {
  tokens: number;
  filledAt: number;
}

/** Owners that are remembered. An owner that was forgotten starts again with a full second's worth. */
const OWNERS_KEPT = 10_000;

/** Limits the requests of each owner: one second's worth at once, then as many as the time allows. */
export class LimitedAuthenticator implements Authenticator {
  readonly #inner: Authenticator;
  readonly #options: Required<RateOptions>;
  readonly #buckets = new Map<string, Bucket>();

  constructor(inner: Authenticator, { perSecond, now = () => performance.now() }: RateOptions) {
    this.#inner = inner;
    this.#options = { perSecond, now };
  }

  /** @throws GridError QUOTA_REQUESTS, and what the inner authenticator throws */
  async authenticate(bearer: string | undefined): Promise<Principal> {
    const principal = await this.#inner.authenticate(bearer);
    const limit = this.#options.perSecond(principal.owner);
    if (limit === undefined) return principal;
    const available = this.#take(principal.owner, limit);
    if (available === undefined) return principal;
    const message = `${principal.owner} makes more than ${limit} requests a second, which is the quota`;
    throw new GridError('QUOTA_REQUESTS', message, { owner: principal.owner, wanted: 1, available, limit });
  }

  /** Takes one request. When less than a whole one is left, returns how much is left, to three digits. */
  #take(owner: string, limit: number): number | undefined {
    const now = this.#options.now();
    const most = Math.max(1, limit);
    const bucket = this.#buckets.get(owner) ?? { tokens: most, filledAt: now };
    bucket.tokens = Math.min(most, bucket.tokens + ((now - bucket.filledAt) / 1_000) * limit);
    bucket.filledAt = now;
    this.#buckets.delete(owner);
    this.#buckets.set(owner, bucket);
    if (this.#buckets.size > OWNERS_KEPT) this.#buckets.delete(this.#buckets.keys().next().value!);
    if (bucket.tokens < 1) return Math.floor(bucket.tokens * 1_000) / 1_000;
    bucket.tokens -= 1;
    return undefined;
  }
}
