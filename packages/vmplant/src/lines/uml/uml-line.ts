import { chmod } from 'node:fs/promises';
import { type CommandRunner, isAlive, killProcessesOf, runCommand } from '@vmgrid/daemon';
import { GridError, type LineReport } from '@vmgrid/protocol';
import { admitToImage, HOST_ID_RANGE, type HostIdRange, hostUserOf, probeUserOf } from '../host-user.ts';
import type { Adoption, Machine, MachineState, ProductionLine, StartOrder, StepObserver } from '../production-line.ts';
import { openChannels } from './channels.ts';
import { launch } from './launch.ts';
import { decodeState } from './machine-state.ts';
import { makeOverlay } from './overlay.ts';
import { initrdPath, probeUml } from './probe.ts';
import { removePipes } from './remove-pipes.ts';
import { UmlMachine } from './uml-machine.ts';

const KILL_DEADLINE_MS = 5_000;

export interface UmlLineDeps {
  /** Runs programs of the host. */
  readonly run?: CommandRunner;
  readonly reached?: StepObserver;
}

export interface UmlLineOptions {
  /** Folder of the plant for what the line found out about the host. */
  readonly stateDirectory: string;
  readonly binary?: string;
  /** Users and groups to run machines as, when the plant is root. */
  readonly hostIds?: HostIdRange;
}

/** Machines under User-Mode Linux: booted at native speed with neither KVM nor root. They cannot be suspended. */
export class UmlLine implements ProductionLine {
  readonly name = 'uml';
  readonly #run: CommandRunner;
  readonly #reached: StepObserver;
  readonly #stateDirectory: string;
  readonly #binary: string;
  readonly #hostIds: HostIdRange;
  #report: LineReport | undefined;

  constructor(deps: UmlLineDeps, options: UmlLineOptions) {
    this.#run = deps.run ?? runCommand;
    this.#reached = deps.reached ?? (() => undefined);
    this.#stateDirectory = options.stateDirectory;
    this.#binary = options.binary ?? 'linux.uml';
    this.#hostIds = options.hostIds ?? HOST_ID_RANGE;
  }

  async probe(signal: AbortSignal): Promise<LineReport> {
    const user = probeUserOf(this.#hostIds);
    const options = { binary: this.#binary, stateDirectory: this.#stateDirectory, user };
    this.#report = await probeUml(this.#run, options, signal);
    return this.#report;
  }

  async createOverlay(order: StartOrder, signal: AbortSignal): Promise<void> {
    const user = hostUserOf(this.#hostIds, order.vmId, order.image);
    // The machine's user must get through to its folder inside this one.
    if (user !== undefined) await chmod(order.directory, 0o711);
    await makeOverlay(order, { user, run: this.#run, reached: this.#reached }, signal);
  }

  async start(order: StartOrder, signal: AbortSignal): Promise<Machine> {
    const { vmmVersion } = await this.#compatibility(order, signal);
    await admitToImage(this.#hostIds, order.image, false);
    const user = hostUserOf(this.#hostIds, order.vmId, order.image);
    const initrd = initrdPath(this.#stateDirectory, vmmVersion);
    return launch({ order, binary: this.#binary, initrd, user, run: this.#run, reached: this.#reached }, signal);
  }

  async adopt(state: MachineState): Promise<Adoption> {
    const uml = decodeState(state);
    if (!isAlive(uml.process)) return { kind: 'gone' };
    const channels = openChannels(uml.directory, uml.process);
    return { kind: 'running', machine: new UmlMachine({ channels, run: this.#run }, uml, 'adopted') };
  }

  async kill(directory: string): Promise<void> {
    const remaining = await killProcessesOf(directory, KILL_DEADLINE_MS);
    if (remaining.length > 0) {
      const pids = remaining.map(({ pid }) => pid);
      const message = `UML (process ${pids.join(', ')}) did not end within ${KILL_DEADLINE_MS} ms of SIGKILL`;
      throw new GridError('VMM_FAILED', message, { pids });
    }
    await removePipes(directory);
  }

  async #compatibility({ start }: StartOrder, signal: AbortSignal): Promise<LineReport['compatibility']> {
    if (start !== 'boot') throw new GridError('LINE_CANNOT_SUSPEND', `UML boots machines and cannot ${start} them`);
    const report = this.#report ?? (await this.probe(signal));
    if (report.available) return report.compatibility;
    throw new GridError('LINE_UNAVAILABLE', `the line uml cannot start a machine: ${report.reason}`);
  }
}
