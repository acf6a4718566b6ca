/** Clones that a production line makes without a plant, for what a plant does not show of its machines. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeCloneIdentity, runnerCommand, writeConfigDisc } from '@vmgrid/lines';
import type { GoldenImage } from '@vmgrid/warehouse';
import type { Machine, StartOrder } from '../../../packages/lines/src/production-line.ts';
import { QemuLine } from '../../../packages/lines/src/qemu/qemu-line.ts';
import { translatedBlocks } from './translated-blocks.ts';

const NAMES = { hostName: 'vm-bench', macAddress: '52:54:00:12:34:56' };

/** `wake`: until the guest's agent has answered; `identity`: until the network may be opened. */
export type Until = 'wake' | 'identity';

export class Clones {
  readonly #line: QemuLine;
  readonly #folder: string;
  readonly #signal = new AbortController().signal;
  #count = 0;

  constructor(folder: string) {
    this.#folder = folder;
    this.#line = new QemuLine({}, { stateDirectory: folder });
  }

  /** Blocks that were translated in a clone until then. */
  async blocksUntil(until: Until, image: GoldenImage): Promise<number> {
    this.#count += 1;
    const directory = join(this.#folder, `clone-${this.#count}`);
    mkdirSync(directory);
    const machine = await this.#start(directory, image);
    try {
      await (until === 'wake' ? machine.guest(this.#signal) : identify(machine, directory, this.#signal));
      machine.detach();
      return await translatedBlocks(join(directory, 'run', 'qmp.sock'));
    } finally {
      await this.#line.kill(directory);
      rmSync(directory, { recursive: true });
    }
  }

  async #start(directory: string, image: GoldenImage): Promise<Machine> {
    const { memoryMiB, cpus, diskMiB, os } = image.manifest.machine;
    const order: StartOrder = {
      ...{ vmId: `bench-${this.#count}`, directory, image, macAddress: NAMES.macAddress },
      ...{ purpose: 'clone', start: 'restore', guestNetwork: 'isolated' },
      machine: { arch: 'x86_64', os, memoryMiB, cpus, diskMiB },
    };
    await this.#line.createOverlay(order, this.#signal);
    return this.#line.start(order, this.#signal);
  }
}

async function identify(machine: Machine, directory: string, signal: AbortSignal): Promise<void> {
  const guest = await machine.guest(signal);
  if (guest.identify) {
    await guest.identify(makeCloneIdentity(NAMES), Date.now(), signal);
    return;
  }
  const disc = join(directory, 'config.iso');
  await writeConfigDisc(disc, { identity: NAMES, steps: [] });
  await machine.insertDisc(disc, signal);
  const command = runnerCommand(guest.discDevice, [{ task: 'identity' }], Date.now());
  for await (const line of guest.run(command, signal)) if (line === 'identity') return;
}
