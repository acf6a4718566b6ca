/**
 * Notices that images come or go, whoever moves them: several plants, even of several hosts, may share a warehouse. A
 * change on this host is an event of the folder. Changes by another host on a network folder, and hosts without such
 * events, need a check from time to time.
 */
import { type FSWatcher, watch } from 'node:fs';
import { join } from 'node:path';
import { type Log, oneAtATime } from '@vmgrid/daemon';
import type { ImageInventory } from './image-inventory.ts';

export interface ImageWatchDeps {
  readonly warehouse: { readonly directory: string; readonly inventory: Pick<ImageInventory, 'images'> };
  /** Called at the start too, because the state may have changed since the caller last looked. */
  readonly changed: () => void;
  readonly log: Pick<Log, 'warn'>;
}

/** Milliseconds within which a change without an event is noticed. */
export const LOOKED_AT_EVERY_MS = 10_000;

export class ImageWatch {
  readonly #deps: ImageWatchDeps;
  readonly #events: FSWatcher | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #look = oneAtATime(() => this.#compare());
  #seen: Awaited<ReturnType<ImageInventory['images']>> | undefined;

  constructor(deps: ImageWatchDeps, { lookedAtEveryMs = LOOKED_AT_EVERY_MS } = {}) {
    this.#deps = deps;
    this.#events = this.#listen();
    this.#timer = setInterval(this.#look, lookedAtEveryMs).unref();
    void this.#look();
  }

  close(): void {
    this.#events?.close();
    clearInterval(this.#timer);
  }

  #listen(): FSWatcher | undefined {
    const fault = (err: unknown) =>
      this.#deps.log.warn({ err }, 'changes of the warehouse make no events: it is looked at instead');
    try {
      const folder = join(this.#deps.warehouse.directory, 'images');
      return watch(folder, { persistent: false }, this.#look).on('error', fault);
    } catch (error) {
      fault(error);
      return undefined;
    }
  }

  async #compare(): Promise<void> {
    try {
      const images = await this.#deps.warehouse.inventory.images();
      if (images === this.#seen) return;
      this.#seen = images;
      this.#deps.changed();
    } catch (err) {
      this.#deps.log.warn({ err }, 'the warehouse could not be looked at');
    }
  }
}
