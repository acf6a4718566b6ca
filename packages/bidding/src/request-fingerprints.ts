/**
 * The fingerprints of the requests that a plant has, or had, a VM of. It is updated with each event, and only a whole
 * offer goes through all of them. A fingerprint is counted once for each creation, record and destroyed VM of requests
 * that have it.
 */
import type { StandingChange } from '@vmgrid/protocol';
import { requestFingerprint } from './request-fingerprint.ts';

/** Called for each request when the plant begins to remember it and when it forgets it. */
export interface RequestBook {
  add(requestId: string): void;
  drop(requestId: string): void;
}

export class RequestFingerprints implements RequestBook {
  readonly #counts = new Map<number, number>();
  /** Fingerprints that have changed since they were last told, and whether they are present now. */
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

  /** The request must be present. */
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

  /** Returns the changes since the last call. */
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
