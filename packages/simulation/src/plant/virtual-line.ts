/** A production line whose machines are entries in a host's table. They take time, but do no work. */

import type { GuestAccess, Machine, MachineState, ProductionLine, StartOrder } from '@vmgrid/lines';
import { GridError, type LineReport } from '@vmgrid/protocol';
import type { Life } from '../world/life.ts';
import type { Random } from '../world/random.ts';
import type { Host, RunningMachine } from './host.ts';
import type { PlantDisk } from './plant-disk.ts';
import { VirtualGuest } from './virtual-guest.ts';

/** Durations and faults of machines. */
export interface MachineFaults {
  /** Returns the milliseconds until a machine runs, from an image. */
  startMs(start: StartOrder['start'], imageId: string): number;
  /** Share by which that varies from one machine to the next, up or down. */
  readonly jitter: number;
  /** Share of starts that fail. */
  readonly failureRate: number;
  /** Share of attempts at an action that fail. */
  readonly actionFailureRate: number;
  /** Share of machines whose guest never answers. */
  readonly hangRate: number;
}

export interface VirtualLineDeps {
  readonly life: Life;
  readonly host: Host;
  readonly disk: PlantDisk;
  readonly random: Random;
}

const OVERLAY_MS = 20;
const STOP_MS = 30;
const AGENT_MS = 15;
const SUSPEND_MS = 200;
const FREEZE_MS = 300;
/** The file with the memory of a suspended machine. */
export const SUSPENDED = 'suspended';

export const VIRTUAL_LINE: LineReport = {
  line: 'simulated',
  available: true,
  reason: '',
  restores: true,
  diskFormats: ['raw'],
  compatibility: {
    ...{ vmm: 'virtual', vmmVersion: '1', accelerator: 'none', machineType: 'none', cpuModel: 'none' },
    layout: 'virtual-1',
  },
};

export class VirtualLine implements ProductionLine {
  readonly name = 'simulated';
  readonly #deps: VirtualLineDeps;
  readonly #faults: MachineFaults;

  constructor(deps: VirtualLineDeps, faults: MachineFaults) {
    this.#deps = deps;
    this.#faults = faults;
  }

  async probe(): Promise<LineReport> {
    return VIRTUAL_LINE;
  }

  async createOverlay({ directory }: StartOrder, signal: AbortSignal): Promise<void> {
    const { life, disk } = this.#deps;
    await life.clock.sleep(OVERLAY_MS, signal);
    disk.folderOf(directory)?.files.add('overlay');
  }

  async start(order: StartOrder, signal: AbortSignal): Promise<Machine> {
    const { life, host, random } = this.#deps;
    const { vmId, directory, machine, start, image } = order;
    const { jitter, failureRate, hangRate } = this.#faults;
    const takesMs = this.#faults.startMs(start, image.manifest.id) * (1 + jitter * (2 * random.next() - 1));
    const fails = random.chance(failureRate);
    // Its process exists at once: a plant that is killed now leaves a process that nobody recorded.
    const running = host.start({ vmId, directory, machine, hangs: random.chance(hangRate) });
    try {
      await life.clock.sleep(takesMs, signal);
      if (fails) throw new GridError('VMM_FAILED', `the start of ${vmId} was chosen to fail`);
    } catch (error) {
      host.end(directory, 'requested');
      throw error;
    }
    this.#deps.disk.folderOf(directory)?.files.delete(SUSPENDED);
    return this.#machine(running);
  }

  async adopt({ directory }: MachineState) {
    await this.#deps.life.clock.sleep(AGENT_MS);
    const { host, disk } = this.#deps;
    const running = host.running.get(String(directory));
    if (running) return { kind: 'running', machine: this.#machine(running) } as const;
    return { kind: disk.folderOf(String(directory))?.files.has(SUSPENDED) ? 'suspended' : 'gone' } as const;
  }

  async kill(directory: string): Promise<void> {
    await this.#deps.life.clock.sleep(STOP_MS);
    this.#deps.host.end(directory, 'crashed');
  }

  #machine(running: RunningMachine): Machine {
    const { life, host, disk, random } = this.#deps;
    const { directory } = running;
    return {
      state: { directory },
      exited: running.exited,
      guest: async (signal) => {
        // A machine that hangs never answers, however long somebody waits.
        await life.clock.sleep(running.hangs ? Number.MAX_SAFE_INTEGER : AGENT_MS, signal);
        return new VirtualGuest({ life, disk, running, random }, this.#faults);
      },
      insertDisc: async (path) => {
        running.disc = path;
      },
      openNetwork: async (): Promise<GuestAccess> => ({ sshPort: 1_024 + random.integer(0, 60_000) }),
      freeze: async (signal) => {
        await life.clock.sleep(FREEZE_MS, signal);
        host.end(directory, 'requested');
        return { disk: 'disk', diskFormat: 'raw', memory: { memory: 'memory', state: 'state' } };
      },
      suspend: async (signal) => {
        await life.clock.sleep(SUSPEND_MS, signal);
        disk.folderOf(directory)?.files.add(SUSPENDED);
        await life.clock.sleep(STOP_MS, signal);
        host.end(directory, 'requested');
      },
      stop: async (_, signal) => {
        await life.clock.sleep(STOP_MS, signal);
        host.end(directory, 'requested');
      },
      detach: () => undefined,
    };
  }
}
