/**
 * A place where a production line makes machines without a plant: orders, folders, a warehouse, and word from the
 * guests.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { linkImage, testBase, testFolder } from '@vmgrid/test-support/grids/test-warehouse.ts';
import {
  type GuestIdentity,
  identityAttributes,
  makeCloneIdentity,
} from '../../packages/lines/src/guest/clone-identity.ts';
import {
  type ConfigDiscPlan,
  type GuestStep,
  writeConfigDisc,
} from '../../packages/lines/src/guest/disc/config-disc.ts';
import { parseReportLine, type RunnerEvent } from '../../packages/lines/src/guest/report.ts';
import { type RunnerTask, runnerCommand } from '../../packages/lines/src/guest/runner-command.ts';
import type {
  Guest,
  GuestAccess,
  Machine,
  ProductionLine,
  StartOrder,
} from '../../packages/lines/src/production-line.ts';
import type { FindImages } from '../../packages/lines/src/trial-kernel.ts';
import type { GoldenImage } from '../../packages/warehouse/src/images/manifest.ts';
import type { Staging } from '../../packages/warehouse/src/making/staging.ts';
import { Warehouse } from '../../packages/warehouse/src/warehouse.ts';

export const MEMORY_MIB = 256;

/** Where a line is made. */
export interface LineHome {
  readonly stateDirectory: string;
  readonly images: FindImages;
}

/** A line and the operating system of the base image that its machines are made from. */
export interface LineToTry {
  readonly os: string;
  make(options: LineHome, deps: object): ProductionLine;
}

export const script = (index: number, text: string, more: object = {}): GuestStep => ({
  index,
  timeoutMs: 30_000,
  action: { kind: 'script', id: `step-${index}`, script: text, ...more },
});

/** In the background: the card may be there already, or come a little later. */
const BRING_UP = [
  '(until [ -e /sys/class/net/eth0 ] || [ -e /sys/class/net/vec0 ]; do sleep 0.1; done',
  'ip link set eth0 up || ip link set vec0 up) > /dev/null 2>&1 < /dev/null &',
].join('\n');

/** Returns the identity for a clone. */
export const identityOf = (hostName: string, more: Partial<GuestIdentity> = {}): GuestIdentity => ({
  hostName,
  macAddress: `52:54:00:${randomBytes(3).toString('hex').match(/../g)?.join(':')}`,
  ...more,
});

/** The first tasks of a clone. */
export const WAKE_AND_RUN = [{ task: 'identity' }, { task: 'run', first: 0, last: 0 }] as const;

/** The attributes that a step reported; without a step, those of the guest's identity. */
export const attributesOf = (events: readonly RunnerEvent[], index?: number): string | undefined =>
  events.flatMap((event) => (event.event === 'attributes' && event.index === index ? [event.text] : []))[0];

export const warehouseOf = (folder: string): string => join(folder, 'warehouse');

/** A line and the folder in which it makes its machines. */
interface LineInFolder {
  readonly folder: string;
  readonly line: ProductionLine;
}

interface WorkshopParts extends LineInFolder {
  readonly warehouse: Warehouse;
  readonly base: GoldenImage;
  readonly signal: AbortSignal;
}

export class Workshop {
  readonly line: ProductionLine;
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly base: GoldenImage;
  warehouse: Warehouse;
  readonly #folders: string[] = [];
  /** Access to the machines whose network was opened by `configure`. */
  readonly access = new Map<Machine, GuestAccess>();
  readonly #staged = new Map<string, Staging>();
  #discs = 0;

  private constructor({ folder, line, warehouse, base, signal }: WorkshopParts) {
    this.folder = folder;
    this.line = line;
    this.warehouse = warehouse;
    this.base = base;
    this.signal = signal;
  }

  static async open({ os, make }: LineToTry, signal: AbortSignal): Promise<Workshop> {
    const base = await testBase(signal, os);
    const folder = await testFolder('a line');
    const warehouse = await Warehouse.open(warehouseOf(folder));
    await linkImage(base, warehouse.directory);
    const line = make({ stateDirectory: folder, images: () => warehouse.inventory.images() }, {});
    return Workshop.in({ folder, line }, base.manifest.id, signal);
  }

  /** In a folder with a warehouse that has the base image. */
  static async in(place: LineInFolder, baseId: string, signal: AbortSignal): Promise<Workshop> {
    const warehouse = await Warehouse.open(warehouseOf(place.folder));
    return new Workshop({ ...place, warehouse, base: await warehouse.inventory.image(baseId), signal });
  }

  /** Where another line can be made that finds what this one does. */
  get home(): LineHome {
    return { stateDirectory: this.folder, images: () => this.warehouse.inventory.images() };
  }

  async close(): Promise<void> {
    for (const directory of this.#folders) await this.line.kill(directory);
    await rm(this.folder, { recursive: true, force: true });
  }

  async order(vmId: string, image: GoldenImage, more: Partial<StartOrder> = {}): Promise<StartOrder> {
    const { os, diskMiB } = image.manifest.machine;
    const directory = await this.#folderOf(vmId, more.purpose);
    this.#folders.push(directory);
    return {
      vmId,
      directory,
      image,
      machine: { arch: 'x86_64', os, memoryMiB: MEMORY_MIB, cpus: 1, diskMiB },
      purpose: 'clone',
      start: 'restore',
      macAddress: '52:54:00:00:00:01',
      guestNetwork: 'isolated',
      ...more,
    };
  }

  async start(order: StartOrder): Promise<Machine> {
    await this.line.createOverlay(order, this.signal);
    return this.line.start(order, this.signal);
  }

  /** Finds a machine that was let go of, as a plant does that was restarted. */
  async adopt(machine: Pick<Machine, 'state'>, line = this.line): Promise<Machine> {
    const found = await line.adopt(machine.state, this.signal);
    if (found.kind !== 'running') throw new Error(`the machine is ${found.kind}`);
    return found.machine;
  }

  /** Inserts a disc, has the runner do the tasks and opens the network when the guest asks for it. */
  async configure(machine: Machine, plan: ConfigDiscPlan, tasks: readonly RunnerTask[]): Promise<RunnerEvent[]> {
    this.#discs += 1;
    const disc = join(this.folder, `disc-${this.#discs}.iso`);
    await writeConfigDisc(disc, plan);
    await machine.insertDisc(disc, this.signal);
    const guest = await machine.guest(this.signal);
    const events: RunnerEvent[] = [];
    if (plan.identity && guest.identify) events.push(await this.#identify(machine, plan.identity, guest));
    const left = tasks.filter(({ task }) => task !== 'identity' || !guest.identify);
    const command = runnerCommand(guest.discDevice, left, Date.now());
    for await (const line of guest.run(command, this.signal)) {
      const event = parseReportLine(line);
      events.push(event);
      if (event.event === 'identity') this.access.set(machine, await machine.openNetwork(this.signal));
    }
    await machine.insertDisc(undefined, this.signal);
    return events;
  }

  /** As a plant does where the guest has the resident agent. Returns what the runner would have told. */
  async #identify(machine: Machine, identity: GuestIdentity, guest: Guest): Promise<RunnerEvent> {
    const own = makeCloneIdentity(identity);
    const { settled } = await guest.identify!(own, Date.now(), this.signal);
    this.access.set(machine, await machine.openNetwork(this.signal));
    await settled;
    return { event: 'attributes', index: undefined, text: identityAttributes(own) };
  }

  /**
   * Opens the network of a machine that was given no identity, whose guest is to bring its card up: under UML it comes
   * only then.
   */
  async openNetwork(machine: Machine): Promise<GuestAccess> {
    if (this.line.name !== 'simulated') await this.run(machine, BRING_UP);
    return machine.openNetwork(this.signal);
  }

  async run(machine: Machine, command: string): Promise<string[]> {
    const guest = await machine.guest(this.signal);
    const lines: string[] = [];
    for await (const line of guest.run(['/bin/sh', '-c', command], this.signal)) lines.push(line);
    return lines;
  }

  /** Freezes a machine made with `purpose: 'build'` into an image of the warehouse. */
  async freeze(machine: Machine, { vmId, image, machine: spec }: StartOrder, id: string): Promise<GoldenImage> {
    const { compatibility, restores } = await this.line.probe(this.signal);
    const warm = restores ? [{ task: 'warm' } as const] : [];
    await this.configure(machine, { steps: [] }, [{ task: 'quiesce' }, ...warm]);
    if (restores) await (await machine.guest(this.signal)).prepare?.(this.signal);
    const { disk, diskFormat, memory } = await machine.freeze(this.signal);
    const { version: _, files: __, parent: ___, memory: ____, ...like } = image.manifest;
    const staging = this.#staged.get(vmId)!;
    const draft = {
      ...{ ...like, id, machine: spec, disk, diskFormat },
      ...(memory === undefined ? {} : { memory, compatibility }),
      ...(diskFormat === 'raw' ? {} : { parent: like.id }),
    };
    const golden = await this.warehouse.claims.promote(staging, draft, this.signal);
    await staging.discard();
    return golden;
  }

  /** Throws away what a build has made so far, which is no image. */
  async discard({ vmId }: StartOrder): Promise<void> {
    await this.#staged.get(vmId)!.discard();
  }

  async #folderOf(vmId: string, purpose: StartOrder['purpose'] = 'clone'): Promise<string> {
    if (purpose === 'build') {
      const staging = await this.warehouse.claims.stage();
      this.#staged.set(vmId, staging);
      return staging.directory;
    }
    const directory = join(this.folder, vmId);
    await mkdir(directory);
    return directory;
  }
}
