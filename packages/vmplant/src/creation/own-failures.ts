import { type ErrorCode, GridError } from '@vmgrid/protocol';

/** What the plant says of itself in its ad. */
export interface FailureNote {
  /** Failed creations since the last one that went well. */
  readonly inARow: number;
  readonly lastCode: ErrorCode;
  /** Seconds since the epoch. */
  readonly lastTime: number;
}

/** Failures that this host brought about; a refusal, or what the client's own actions do, says nothing about it. */
const OWN: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'VMM_FAILED',
  'HOST_DISK_FULL',
  'HOST_MEMORY_FULL',
  'HOST_FILES_FULL',
  'HOST_PROCESSES_FULL',
  'HOST_PORTS_FULL',
  'GUEST_UNREACHABLE',
  'GUEST_LOST',
  'IMAGE_CORRUPT',
  'TOOL_MISSING',
  'INTERNAL',
]);

/**
 * Creations that failed lately. They enter the ad, so that every shop and broker holds the plant back by the same rule.
 * Not kept over a restart: shops remember by themselves what they saw fail.
 */
export class OwnFailures {
  readonly #now: () => number;
  #note: FailureNote | undefined;

  constructor(clock: { now(): number }) {
    this.#now = () => clock.now();
  }

  get note(): FailureNote | undefined {
    return this.#note;
  }

  /** Watches over a creation. */
  async during<T>(creation: Promise<T>): Promise<T> {
    try {
      const made = await creation;
      this.#note = undefined;
      return made;
    } catch (error) {
      const { code } = GridError.from(error);
      const inARow = (this.#note?.inARow ?? 0) + 1;
      if (OWN.has(code)) this.#note = { inARow, lastCode: code, lastTime: Math.floor(this.#now() / 1_000) };
      throw error;
    }
  }
}
