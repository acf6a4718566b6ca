/**
 * Reads images to the end when machines of them fail, which takes the disks of the host for minutes: each image by one
 * reader at a time, and not again for a while when nothing was found, for whoever has machines fail may do so as often
 * as it likes.
 */
import { abortable, type Clock, InFlight, within } from '@vmgrid/daemon';
import { late } from '@vmgrid/protocol';
import type { ImageHolds } from '../image-holds.ts';
import type { ImageFault } from './image-integrity.ts';

/** For an image and those below it to be read to the end. */
const EXAMINE_DEADLINE_MS = 120_000;
/** An image that was found whole, or is too large to be read in time, is not read again within this time. */
export const EXAMINE_AGAIN_MS = 600_000;

export class ImageExaminer {
  readonly #warehouse: Pick<ImageHolds, 'examine'>;
  readonly #clock: Clock;
  readonly #inFlight = new InFlight();
  /** By image: until when it is not read again, on the monotonic clock. */
  readonly #restUntil = new Map<string, number>();

  constructor(warehouse: Pick<ImageHolds, 'examine'>, clock: Clock) {
    this.#warehouse = warehouse;
    this.#clock = clock;
  }

  /**
   * What is wrong with an image; undefined when that was nothing, now or a while ago. @throws when it could not be read
   * in time.
   */
  async examine(imageId: string, signal: AbortSignal): Promise<ImageFault | undefined> {
    const until = this.#restUntil.get(imageId);
    if (until !== undefined && this.#clock.monotonic() < until) return undefined;
    return abortable(
      this.#inFlight.join(imageId, () => this.#read(imageId, signal)),
      signal,
    );
  }

  async #read(imageId: string, signal: AbortSignal): Promise<ImageFault | undefined> {
    const tooLarge = (ms: number) => {
      this.#rest(imageId);
      return late('DEADLINE_EXCEEDED', `the image ${imageId} could not be read to its end`, { imageId })(ms);
    };
    const limit = { ms: EXAMINE_DEADLINE_MS, signal, clock: this.#clock, late: tooLarge };
    const fault = await within(limit, (until) => this.#warehouse.examine(imageId, until));
    if (!fault) this.#rest(imageId);
    return fault;
  }

  #rest(imageId: string): void {
    const now = this.#clock.monotonic();
    for (const [id, until] of this.#restUntil) if (until <= now) this.#restUntil.delete(id);
    this.#restUntil.set(imageId, now + EXAMINE_AGAIN_MS);
  }
}
