/**
 * Verifies images whose machines fail. Reading an image completely occupies the host's disks for minutes. So each image
 * has one reader at a time, and an image without a fault is not read again for a while: otherwise anyone whose machines
 * fail could cause reads without end.
 */
import { abortable, type Clock, InFlight, within } from '@vmgrid/daemon';
import { late } from '@vmgrid/protocol';
import type { ImageInventory } from '../inventory/image-inventory.ts';
import type { ImageFault } from './image-integrity.ts';

/** Milliseconds to read an image and those below it completely. */
const EXAMINE_DEADLINE_MS = 120_000;
/** Milliseconds for which an image is not read again when it had no fault, or was too large to be read in time. */
export const EXAMINE_AGAIN_MS = 600_000;

export class ImageExaminer {
  readonly #inventory: Pick<ImageInventory, 'examine'>;
  readonly #clock: Clock;
  readonly #inFlight = new InFlight();
  /** For each image, the time until which it is not read again, on the monotonic clock. */
  readonly #restUntil = new Map<string, number>();

  constructor(inventory: Pick<ImageInventory, 'examine'>, clock: Clock) {
    this.#inventory = inventory;
    this.#clock = clock;
  }

  /**
   * Returns the fault of an image; undefined when it has none, now or a while ago. @throws when it could not be read in
   * time
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
    const fault = await within(limit, (until) => this.#inventory.examine(imageId, until));
    if (!fault) this.#rest(imageId);
    return fault;
  }

  #rest(imageId: string): void {
    const now = this.#clock.monotonic();
    for (const [id, until] of this.#restUntil) if (until <= now) this.#restUntil.delete(id);
    this.#restUntil.set(imageId, now + EXAMINE_AGAIN_MS);
  }
}
