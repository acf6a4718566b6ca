import { abortable } from '@vmgrid/daemon';

export interface AttachmentDeps<H> {
  /** Opens the channels of the running machine again. @throws GridError GUEST_LOST when it ended meanwhile */
  readonly open: (signal: AbortSignal) => Promise<H>;
  /** Closes the channels. */
  readonly close: (held: H) => void;
  /** Resolves when the other end is gone, or when the channels were closed here. */
  readonly closed: (held: H) => Promise<unknown>;
}

/**
 * A plant's hold on a machine that it looks after: its channels, and what it knows about their users.
 *
 *     held ──detach──► detached ──attach──► held
 *
 * A channel serves one plant at a time, so the channels are opened once, however many callers ask.
 */
export class Attachment<H> {
  readonly #deps: AttachmentDeps<H>;
  #held: H;
  #detached = false;
  /** Wakes those who wait for the end when a detached machine is attached again. */
  #reattached = Promise.withResolvers<void>();
  #attaching: Promise<void> | undefined;

  constructor(deps: AttachmentDeps<H>, held: H) {
    this.#deps = deps;
    this.#held = held;
  }

  get isDetached(): boolean {
    return this.#detached;
  }

  /** Returns the channels; opens them again after `detach`. */
  async attach(signal: AbortSignal): Promise<H> {
    if (this.#detached) {
      this.#attaching ??= this.#attachAgain(signal).finally(() => {
        this.#attaching = undefined;
      });
      await abortable(this.#attaching, signal);
    }
    return this.#held;
  }

  detach(): void {
    if (this.#detached) return;
    this.#detached = true;
    this.#reattached = Promise.withResolvers<void>();
    this.#deps.close(this.#held);
  }

  /**
   * Resolves when the machine closed its channels. After `detach` somebody else watches the machine, until `attach`.
   */
  async ended(): Promise<H> {
    for (;;) {
      const watched = this.#held;
      await this.#deps.closed(watched);
      if (this.#detached) await this.#reattached.promise;
      if (watched !== this.#held) continue;
      this.#deps.close(watched);
      return watched;
    }
  }

  async #attachAgain(signal: AbortSignal): Promise<void> {
    this.#held = await this.#deps.open(signal);
    this.#detached = false;
    this.#reattached.resolve();
  }
}
