/**
 * The tokens of the requests that a plant has, or had, a VM of, kept by what happens: nothing goes through all of them
 * but a whole offer. A token is held as often as there are creations, records and destroyed VMs of requests that have
 * it.
 */
import type { StandingChange } from '@vmgrid/protocol';
import { tokenOf } from './held-token.ts';

/** Told of each request as the plant begins to remember it, and ceases to. */
export interface RequestBook {
  add(requestId: string): void;
  drop(requestId: string): void;
}

export class HeldTokens implements RequestBook {
  readonly #counts = new Map<number, number>();
  /** What is other than when it was told last: whether the token is held now. */
  readonly #news = new Map<number, boolean>();

  get size(): number {
    return this.#counts.size;
  }

  add(requestId: string): void {
    const token = tokenOf(requestId);
    const count = this.#counts.get(token) ?? 0;
    this.#counts.set(token, count + 1);
    if (count === 0) this.#note(token, true);
  }

  /** The request has to be there. */
  drop(requestId: string): void {
    const token = tokenOf(requestId);
    const count = this.#counts.get(token);
    if (count === undefined) throw new Error(`the request ${requestId} is forgotten, but was not remembered`);
    if (count > 1) {
      this.#counts.set(token, count - 1);
      return;
    }
    this.#counts.delete(token);
    this.#note(token, false);
  }

  all(): Iterable<number> {
    return this.#counts.keys();
  }

  /** What has changed since this was asked last. */
  takeNews(): Pick<StandingChange, 'held' | 'dropped'> {
    const [held, dropped]: [number[], number[]] = [[], []];
    for (const [token, isHeld] of this.#news) (isHeld ? held : dropped).push(token);
    this.#news.clear();
    return { ...(held.length > 0 && { held }), ...(dropped.length > 0 && { dropped }) };
  }

  #note(token: number, isHeld: boolean): void {
    if (!this.#news.delete(token)) this.#news.set(token, isHeld);
  }
}
