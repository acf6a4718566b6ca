import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { abortable } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';

/** Longest line of a run; the rest of a longer one is dropped. */
export const MAX_LINE_CHARS = 131_072;
/** Lines that are kept for a slow reader; beyond them the guest must wait. */
const QUEUE_LINES = 1_000;
/** Lines that are read in a row before other work of the plant has its turn. */
const LINES_IN_A_ROW = 1_000;
/** Most bytes of one run: a guest that writes without end must not fill the plant's memory. */
export const MAX_RUN_BYTES = 16_777_216;
/**
 * Most lines of one run, because each of them is parsed. It is more than the longest DAG prints with all its retries.
 */
export const MAX_RUN_LINES = 100_000;

/** What a run in a guest prints, line by line, within limits. The guest waits for a reader that is slow. */
export class RunLines {
  readonly #source: Pick<Socket, 'pause' | 'resume'>;
  readonly #queue: string[] = [];
  #state: 'open' | 'ended' | 'flooded' | 'cut' = 'open';
  #bytes = 0;
  #lines = 0;
  #wake: () => void = () => undefined;

  /** `source`: where the bytes come from. */
  constructor(source: Pick<Socket, 'pause' | 'resume'>) {
    this.#source = source;
    source.resume();
  }

  /** Counts what the guest wrote; whether it belongs to a line of the run or not. */
  countBytes(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > MAX_RUN_BYTES) this.#flood();
  }

  /** Counts a line, of whatever kind. Returns whether it is to be read. */
  countLine(): boolean {
    this.#lines += 1;
    if (this.#lines > MAX_RUN_LINES) this.#flood();
    return this.#state === 'open';
  }

  push(text: string): void {
    if (this.#state !== 'open') return;
    this.#queue.push(text.endsWith('\r') ? text.slice(0, -1) : text);
    if (this.#queue.length >= QUEUE_LINES) this.#source.pause();
    this.wake();
  }

  /** The command has ended: nothing follows. */
  end(): void {
    if (this.#state === 'open') this.#state = 'ended';
    this.wake();
  }

  /** The guest has started anew: nothing follows. */
  cut(): void {
    this.#state = 'cut';
    this.wake();
  }

  /** Call it when `closed` aborts. */
  wake(): void {
    this.#wake();
  }

  /** Drops what is not read. */
  drop(): void {
    this.#queue.length = 0;
    this.#source.resume();
  }

  /**
   * Yields the lines until the run ends. Throws GUEST_RESTARTED when the guest restarts, GUEST_UNREACHABLE when the run
   * prints more than it may, and the reason of `closed` when that aborts.
   */
  async *read(signal: AbortSignal, closed: AbortSignal): AsyncGenerator<string, void, undefined> {
    for (let read = 1; ; read += 1) {
      const line = await this.#next(signal, closed);
      if (line === undefined) return;
      yield line;
      if (read % LINES_IN_A_ROW === 0) await setImmediate();
    }
  }

  async #next(signal: AbortSignal, closed: AbortSignal): Promise<string | undefined> {
    for (;;) {
      signal.throwIfAborted();
      if (this.#state === 'flooded') throw tooMuch();
      const line = this.#queue.shift();
      if (line !== undefined) {
        if (this.#queue.length === 0) this.#source.resume();
        return line;
      }
      if (this.#state === 'ended') return undefined;
      if (this.#state === 'cut') {
        throw new GridError('GUEST_RESTARTED', 'the guest restarted while a command ran in it');
      }
      closed.throwIfAborted();
      const more = Promise.withResolvers<void>();
      this.#wake = more.resolve;
      await abortable(more.promise, signal);
    }
  }

  #flood(): void {
    this.#state = 'flooded';
    this.drop();
    this.wake();
  }
}

const tooMuch = (): GridError =>
  new GridError(
    'GUEST_UNREACHABLE',
    `the guest wrote more than ${MAX_RUN_BYTES} bytes or ${MAX_RUN_LINES} lines in a run`,
    {
      limitBytes: MAX_RUN_BYTES,
      limitLines: MAX_RUN_LINES,
    },
  );
