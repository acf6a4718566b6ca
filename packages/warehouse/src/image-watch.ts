/**
 * Notices that images come or go, whoever moves them: several plants, also of several hosts, may share a warehouse.
 * What happens on this host is an event of the folder; for what another host does in a folder of the network, and for
 * when events are not to be had, it is looked at every now and then.
 */
import { type FSWatcher, watch } from 'node:fs';
import { join } from 'node:path';
import { type Log, oneAtATime } from '@vmgrid/daemon';
import type { Warehouse } from './store.ts';

export interface ImageWatchDeps {
  readonly warehouse: Pick<Warehouse, 'directory' | 'images'>;
  /** Told at the start, too: what was looked at before may have been something else. */
  readonly changed: () => void;
  readonly log: Pick<Log, 'warn'>;
}

/** A change that makes no event is noticed within this. */
export const LOOKED_AT_EVERY_MS = 10_000;

export class ImageWatch {
  readonly #deps: ImageWatchDeps;
  readonly #events: FSWatcher | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #look = oneAtATime(() => this.#compare());
  #seen: Awaited<ReturnType<Warehouse['images']>> | undefined;

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
      const images = await this.#deps.warehouse.images();
      if (images === this.#seen) return;
      this.#seen = images;
      this.#deps.changed();
    } catch (err) {
      this.#deps.log.warn({ err }, 'the warehouse could not be looked at');
    }
  }
}
