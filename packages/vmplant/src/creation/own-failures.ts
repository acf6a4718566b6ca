import { type ErrorCode, GridError } from '@vmgrid/protocol';

/** The part of the plant's ad that describes its failures. */
export interface FailureNote {
  /** Failed creations since the last successful one. */
  readonly inARow: number;
  readonly lastCode: ErrorCode;
  /** Seconds since the epoch. */
  readonly lastTime: number;
}

/** Failures that this host caused. A refusal, or a failure of the client's own actions, says nothing about the host. */
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
 * Recent failed creations. They are part of the ad, so that every shop and broker puts the plant into backoff by the
 * same rule. They are not kept over a restart: shops remember the failures that they saw.
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

  /** Observes a creation. */
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
