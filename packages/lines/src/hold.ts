import { abortable } from '@vmgrid/daemon';

export interface HoldDeps<H> {
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
 *     held ──release──► released ──take──► held
 *
 * A channel serves one plant at a time, so that they are opened once, however many ask.
 */
export class Hold<H> {
  readonly #deps: HoldDeps<H>;
  #held: H;
  #released = false;
  /** Wakes who waits for the end when a released machine is taken hold of again. */
  #retaken = Promise.withResolvers<void>();
  #taking: Promise<void> | undefined;

  constructor(deps: HoldDeps<H>, held: H) {
    this.#deps = deps;
    this.#held = held;
  }

  get isReleased(): boolean {
    return this.#released;
  }

  /** What is held; taken anew if it had been released. */
  async take(signal: AbortSignal): Promise<H> {
    if (this.#released) {
      this.#taking ??= this.#takeAgain(signal).finally(() => {
        this.#taking = undefined;
      });
      await abortable(this.#taking, signal);
    }
    return this.#held;
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#retaken = Promise.withResolvers<void>();
    this.#deps.close(this.#held);
  }

  /** Resolves when the machine let go of what is held. After `release` it is somebody else's to watch, until it is taken again. */
  async ended(): Promise<H> {
    for (;;) {
      const watched = this.#held;
      await this.#deps.closed(watched);
      if (this.#released) await this.#retaken.promise;
      if (watched !== this.#held) continue;
      this.#deps.close(watched);
      return watched;
    }
  }

  async #takeAgain(signal: AbortSignal): Promise<void> {
    this.#held = await this.#deps.open(signal);
    this.#released = false;
    this.#retaken.resolve();
  }
}
