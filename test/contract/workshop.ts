/** Makes and configures real machines for tests, and leaves none behind. */
import { mkdir, rename, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { testBase, testFolder } from '../../../../test/support/test-warehouse.ts';
import { type ConfigDiscPlan, type GuestStep, writeConfigDisc } from '../../src/guest/config-disc.ts';
import { parseReportLine, type RunnerEvent } from '../../src/guest/report.ts';
import { type RunnerTask, runnerCommand } from '../../src/guest/runner-command.ts';
import type { Machine, StartOrder } from '../../src/lines/production-line.ts';
import { QemuLine } from '../../src/lines/qemu/qemu-line.ts';
import type { GoldenImage } from '../../src/warehouse/manifest.ts';

export const MEMORY_MIB = 256;

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

export const script = (index: number, text: string, more: object = {}, timeoutMs = 30_000): GuestStep => ({
  index,
  timeoutMs,
  action: { kind: 'script', id: `step-${index}`, script: text, ...more },
});

export class Workshop {
  readonly line: QemuLine;
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly base: GoldenImage;
  readonly #machines: Machine[] = [];
  #discs = 0;

  private constructor(folder: string, base: GoldenImage, signal: AbortSignal) {
    this.folder = folder;
    this.base = base;
    this.signal = signal;
    this.line = new QemuLine({}, { stateDirectory: folder });
  }

  static async open(signal: AbortSignal): Promise<Workshop> {
    const base = await testBase(signal);
    return new Workshop(await testFolder('line'), base, signal);
  }

  async close(): Promise<void> {
    for (const machine of this.#machines) await this.line.kill(machine.state);
    await rm(this.folder, { recursive: true, force: true });
  }

  async order(vmId: string, image: GoldenImage, more: Partial<StartOrder> = {}): Promise<StartOrder> {
    const directory = join(this.folder, vmId);
    await mkdir(directory);
    const { diskMiB } = image.manifest.machine;
    return {
      vmId,
      directory,
      image,
      machine: { arch: 'x86_64', os: 'debian-12', memoryMiB: MEMORY_MIB, cpus: 1, diskMiB },
      purpose: 'clone',
      start: 'restore',
      macAddress: '52:54:00:00:00:01',
      sshPort: await freePort(),
      guestNetwork: 'isolated',
      ...more,
    };
  }

  async start(order: StartOrder): Promise<Machine> {
    await this.line.createOverlay(order, this.signal);
    const machine = await this.line.start(order, this.signal);
    this.#machines.push(machine);
    return machine;
  }

  /** Inserts a disc, has the runner do the tasks and opens the network when the guest asks for it. */
  async configure(machine: Machine, plan: ConfigDiscPlan, tasks: readonly RunnerTask[]): Promise<RunnerEvent[]> {
    this.#discs += 1;
    const disc = join(this.folder, `disc-${this.#discs}.iso`);
    await writeConfigDisc(disc, plan);
    await machine.insertDisc(disc, this.signal);
    const guest = await machine.guest(this.signal);
    const events: RunnerEvent[] = [];
    const command = runnerCommand(guest.discDevice, tasks, Date.now());
    for await (const line of guest.run(command, this.signal)) {
      const event = parseReportLine(line);
      events.push(event);
      if (event.event === 'identity') await machine.openNetwork(this.signal);
    }
    await machine.insertDisc(undefined, this.signal);
    return events;
  }

  async run(machine: Machine, command: string): Promise<string[]> {
    const guest = await machine.guest(this.signal);
    const lines: string[] = [];
    for await (const line of guest.run(['/bin/sh', '-c', command], this.signal)) lines.push(line);
    return lines;
  }

  /** Freezes a machine made with `purpose: 'build'` into an image of this workshop. */
  async freeze(machine: Machine, order: StartOrder, id: string): Promise<GoldenImage> {
    await this.configure(machine, { steps: [] }, [{ task: 'quiesce' }]);
    const { disk, memory } = await machine.suspend(this.signal);
    if (memory === undefined) throw new Error('no memory was kept');
    const { compatibility } = await this.line.probe(this.signal);
    const directory = join(this.folder, id);
    await rename(order.directory, directory);
    const manifest = {
      ...{ ...order.image.manifest, id, disk, diskFormat: 'qcow2' as const, memory },
      ...{ machine: order.machine, compatibility, parent: order.image.manifest.id },
    };
    return { manifest, directory, baseDirectory: order.image.baseDirectory };
  }
}
