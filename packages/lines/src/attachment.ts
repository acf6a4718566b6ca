import { abortable } from '@vmgrid/daemon';

export interface AttachmentDeps<H> {
  /** Takes hold of the running machine again. @throws GridError GUEST_LOST when it ended meanwhile */
  readonly open: (signal: AbortSignal) => Promise<H>;
  /** Lets go of it. */
  readonly close: (held: H) => void;
  /** Resolves when the other end is gone, or was let go of. */
  readonly closed: (held: H) => Promise<unknown>;
}

/**
 * What a plant has of a machine while it looks after it: channels, and what it knows of who uses them.
 *
 *     held ──detach──► detached ──attach──► held
 *
 * A channel serves one plant at a time, so that they are opened once, however many ask.
 */
export class Attachment<H> {
  readonly #deps: AttachmentDeps<H>;
  #held: H;
  #detached = false;
  /** Wakes who waits for the end when a detached machine is taken hold of again. */
  #reattached = Promise.withResolvers<void>();
  #attaching: Promise<void> | undefined;

  constructor(deps: AttachmentDeps<H>, held: H) {
    this.#deps = deps;
    this.#held = held;
  }

  get isDetached(): boolean {
    return this.#detached;
  }

  /** What is held; taken anew after `detach`. */
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
   * Resolves when the machine let go of what is held. After `detach` it is somebody else's to watch, until `attach`.
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
