/**
 * The fingerprints of the requests that a plant has, or had, a VM of, kept by what happens: nothing goes through all of
 * them but a whole offer. A fingerprint is held as often as there are creations, records and destroyed VMs of requests
 * that have it.
 */
import type { StandingChange } from '@vmgrid/protocol';
import { requestFingerprint } from './request-fingerprint.ts';

/** Told of each request as the plant begins to remember it, and ceases to. */
export interface RequestBook {
  add(requestId: string): void;
  drop(requestId: string): void;
}

export class RequestFingerprints implements RequestBook {
  readonly #counts = new Map<number, number>();
  /** What is other than when it was told last: whether the fingerprint is held now. */
  readonly #news = new Map<number, boolean>();

  get size(): number {
    return this.#counts.size;
  }

  add(requestId: string): void {
    const fingerprint = requestFingerprint(requestId);
    const count = this.#counts.get(fingerprint) ?? 0;
    this.#counts.set(fingerprint, count + 1);
    if (count === 0) this.#note(fingerprint, true);
  }

  /** The request has to be there. */
  drop(requestId: string): void {
    const fingerprint = requestFingerprint(requestId);
    const count = this.#counts.get(fingerprint);
    if (count === undefined) throw new Error(`the request ${requestId} is forgotten, but was not remembered`);
    if (count > 1) {
      this.#counts.set(fingerprint, count - 1);
      return;
    }
    this.#counts.delete(fingerprint);
    this.#note(fingerprint, false);
  }

  all(): Iterable<number> {
    return this.#counts.keys();
  }

  /** What has changed since this was asked last. */
  takeNews(): Pick<StandingChange, 'held' | 'dropped'> {
    const [held, dropped]: [number[], number[]] = [[], []];
    for (const [fingerprint, isHeld] of this.#news) (isHeld ? held : dropped).push(fingerprint);
    this.#news.clear();
    return { ...(held.length > 0 && { held }), ...(dropped.length > 0 && { dropped }) };
  }

  #note(fingerprint: number, isHeld: boolean): void {
    if (!this.#news.delete(fingerprint)) this.#news.set(fingerprint, isHeld);
  }
}
