/** The time an auction sees: the part it needs of a daemon's clock. */
export interface MarketClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds of a clock that never steps. */
  monotonic(): number;
  /** Resolves after `ms`, or rejects when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
