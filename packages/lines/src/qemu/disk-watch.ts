/**
 * QEMU stops a guest whose disk has no room on the host (`werror=enospc`), and nothing resumes it. DiskWatch resumes it
 * as soon as the disk's folder has room again, and reports both.
 */
import type { Clock } from '@vmgrid/daemon';
import { freeBytes } from '@vmgrid/host';
import type { QmpEvent } from './qmp/qmp-client.ts';

/** Milliseconds between checks of a full disk, because no event says that there is room. */
const LOOKED_AT_MS = 2_000;
/** With less room the guest would be stopped again at once. */
const ROOM_BYTES = 16 * 1_048_576;

export interface DiskWatchDeps {
  readonly clock: Pick<Clock, 'sleep'>;
  /** Lets the guest run. */
  readonly goOn: () => Promise<unknown>;
  /** Whether it may run: not while its memory is being kept. */
  readonly mayGoOn: () => boolean;
  /** Called when the guest is stopped, and when it runs again. */
  readonly told: (isFull: boolean) => void;
  /** Aborts when the machine has ended, or was detached. */
  readonly ended: AbortSignal;
  readonly freeBytes?: (folder: string) => Promise<number>;
}

export class DiskWatch {
  readonly #deps: DiskWatchDeps;
  readonly #folder: string;
  #isFull = false;
  #isStoppedAgain = false;

  /** `folder`: the folder of the disk. */
  constructor(deps: DiskWatchDeps, folder: string) {
    this.#deps = deps;
    this.#folder = folder;
  }

  observe({ event, data }: QmpEvent): void {
    const isFull = event === 'BLOCK_IO_ERROR' && data.nospace === true && data.action === 'stop';
    this.#isStoppedAgain ||= isFull;
    if (!isFull || this.#isFull) return;
    this.#isFull = true;
    this.#deps.told(true);
    void this.#awaitRoom();
  }

  async #awaitRoom(): Promise<void> {
    const { clock, goOn, mayGoOn, told, ended } = this.#deps;
    try {
      do {
        while ((await this.#free()) < ROOM_BYTES || !mayGoOn()) await clock.sleep(LOOKED_AT_MS, ended);
        this.#isStoppedAgain = false;
        await goOn().catch(() => this.#tryAgain());
      } while (this.#isStoppedAgain);
      this.#isFull = false;
      told(false);
    } catch {
      // The machine has ended or was detached: there is nothing to resume.
    }
  }

  /** QEMU on a busy host may not answer in time. */
  async #tryAgain(): Promise<void> {
    const { clock, ended } = this.#deps;
    this.#isStoppedAgain = true;
    await clock.sleep(LOOKED_AT_MS, ended);
  }

  async #free(): Promise<number> {
    return (this.#deps.freeBytes ?? freeBytes)(this.#folder);
  }
}
