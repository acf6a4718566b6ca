import { isAlive } from '@vmgrid/daemon';
import { GridError, type LineReport } from '@vmgrid/protocol';
import {
  admitToFolder,
  endProcesses,
  type HostLine,
  type HostLineDeps,
  type HostLineOptions,
  hostLine,
} from '../host-line.ts';
import { admitToImage, hostUserOf, probeUserOf } from '../process/host-user.ts';
import type { Adoption, Machine, MachineState, ProductionLine, StartOrder } from '../production-line.ts';
import { requireAvailable } from '../require-available.ts';
import { openChannels } from './channels.ts';
import { launch } from './launch.ts';
import { decodeState } from './machine-state.ts';
import { makeOverlay } from './overlay.ts';
import { initrdPath, probeUml } from './probe.ts';
import { removePipes } from './remove-pipes.ts';
import { requireNoComma } from './require-no-comma.ts';
import { UmlMachine } from './uml-machine.ts';

/** Machines under User-Mode Linux: they boot at native speed without KVM and root. They cannot be suspended. */
export class UmlLine implements ProductionLine {
  readonly name = 'uml';
  readonly #host: HostLine;
  #report: LineReport | undefined;

  constructor(deps: HostLineDeps, options: HostLineOptions) {
    this.#host = hostLine(deps, options, 'linux.uml');
  }

  async probe(signal: AbortSignal): Promise<LineReport> {
    const { run, binary, stateDirectory, hostIds } = this.#host;
    this.#report = await probeUml(run, { binary, stateDirectory, user: probeUserOf(hostIds) }, signal);
    return this.#report;
  }

  async createOverlay(order: StartOrder, signal: AbortSignal): Promise<void> {
    await makeOverlay(order, await admitToFolder(this.#host, order), signal);
  }

  async start(order: StartOrder, signal: AbortSignal): Promise<Machine> {
    await requireNoComma(order.directory);
    const { vmmVersion } = await this.#compatibility(order, signal);
    const { binary, stateDirectory, hostIds, run, reached, groups } = this.#host;
    await admitToImage(hostIds, order.image);
    const user = hostUserOf(hostIds, order);
    const initrd = initrdPath(stateDirectory, vmmVersion);
    return launch({ order, binary, initrd, user, run, reached, groups }, signal);
  }

  async adopt(state: MachineState): Promise<Adoption> {
    const uml = decodeState(state);
    const { run, groups } = this.#host;
    if (!isAlive(uml.process)) {
      await groups.remove(uml.directory);
      return { kind: 'gone' };
    }
    const channels = openChannels(uml.directory, uml.process);
    return { kind: 'running', machine: new UmlMachine({ channels, run, groups }, uml, 'adopted') };
  }

  async kill(directory: string): Promise<void> {
    await endProcesses(directory, 'UML', this.#host.groups);
    await removePipes(directory);
  }

  async #compatibility({ start }: StartOrder, signal: AbortSignal): Promise<LineReport['compatibility']> {
    if (start !== 'boot') throw new GridError('LINE_CANNOT_SUSPEND', `UML boots machines and cannot ${start} them`);
    return requireAvailable(this.#report ?? (await this.probe(signal)));
  }
}
