/**
 * Virtual time: it stands still while there is work, then jumps to the next event. Because of this and of seeded random
 * numbers, and because nothing waits for the real machine, a run is the same each time.
 */
import TinyQueue from 'tinyqueue';
import { Random } from './random.ts';
import { Trace } from './trace.ts';

interface Event {
  readonly dueAt: number;
  readonly sequence: number;
  work: (() => void) | undefined;
}

/** Orders events by their due time; events of the same time stay in the order in which they were scheduled. */
const compare = (a: Event, b: Event): number => a.dueAt - b.dueAt || a.sequence - b.sequence;

/** The day on which SC 2004 opened. */
const EPOCH_MS = Date.UTC(2004, 10, 6);

export interface WorldOptions {
  readonly seed: string;
  /** Lines of the trace that are kept. */
  readonly traceKept: number;
}

export class World {
  readonly random: Random;
  readonly #trace: Trace;
  readonly #queue = new TinyQueue<Event>([], compare);
  #sequence = 0;
  #events = 0;
  #elapsedMs = 0;

  constructor({ seed, traceKept }: WorldOptions) {
    this.random = new Random(seed);
    this.#trace = new Trace({ kept: traceKept });
  }

  /** Milliseconds of virtual time since the start. */
  get elapsedMs(): number {
    return this.#elapsedMs;
  }

  /** Events so far. */
  get events(): number {
    return this.#events;
  }

  get trace(): Trace {
    return this.#trace;
  }

  /** Milliseconds since the epoch. */
  now(): number {
    return EPOCH_MS + this.#elapsedMs;
  }

  note(what: string): void {
    this.#trace.note(this.#elapsedMs, what);
  }

  /** Does work after a while of virtual time. Returns the function that cancels it. */
  schedule(ms: number, work: () => void): () => void {
    const event: Event = { dueAt: this.#elapsedMs + Math.max(0, ms), sequence: this.#sequence++, work };
    this.#queue.push(event);
    return () => {
      event.work = undefined;
    };
  }

  /**
   * Goes from event to event until none is left or the time is up. After each event, once all that follows from it at
   * once is done, it calls `check`; an error of `check` ends the run.
   */
  async run(untilMs: number, check: () => void): Promise<void> {
    for (let event = this.#queue.pop(); event; event = this.#queue.pop()) {
      if (event.dueAt > untilMs) {
        this.#queue.push(event);
        break;
      }
      if (!event.work) continue;
      this.#elapsedMs = event.dueAt;
      this.#events += 1;
      event.work();
      await allSettled();
      check();
    }
    this.#elapsedMs = Math.max(this.#elapsedMs, untilMs);
  }
}

/** Resolves when every promise that can go on has done so: microtasks come before it. */
const allSettled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
