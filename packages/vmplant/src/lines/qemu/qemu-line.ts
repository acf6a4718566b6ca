import { chmod } from 'node:fs/promises';
import { type CommandRunner, isAlive, killProcessesOf, processesOf, runCommand } from '@vmgrid/daemon';
import { type CompatibilityRecord, GridError, type LineReport } from '@vmgrid/protocol';
import { removeSockets } from '../../host/unix-socket.ts';
import { admitToImage, HOST_ID_RANGE, type HostIdRange, hostUserOf, probeUserOf } from '../host-user.ts';
import type { Adoption, Machine, MachineState, ProductionLine, StartOrder, StepObserver } from '../production-line.ts';
import { runFolder } from '../run-folder.ts';
import { openChannels } from './channels.ts';
import { launch } from './launch.ts';
import { decodeState } from './machine-state.ts';
import { makeOverlay } from './overlay.ts';
import { probeQemu } from './probe.ts';
import { QemuMachine } from './qemu-machine.ts';
import { isSuspended, suspendedAs } from './suspension.ts';

const KILL_DEADLINE_MS = 5_000;
/** From this version on a memory file that is only readable can be mapped privately (`readonly=on,rom=off`). */
const READONLY_MAPPING_SINCE = [8, 2] as const;

export interface QemuLineDeps {
  /** Runs programs of the host. */
  readonly run?: CommandRunner;
  readonly reached?: StepObserver;
}

export interface QemuLineOptions {
  /** Folder of the plant for what the line found out about the host. */
  readonly stateDirectory: string;
  readonly binary?: string;
  /** Users and groups to run machines as, when the plant is root. */
  readonly hostIds?: HostIdRange;
}

/** Machines under QEMU: booted once, then cloned from suspended memory in a time that does not depend on their size. */
export class QemuLine implements ProductionLine {
  readonly name = 'qemu';
  readonly #run: CommandRunner;
  readonly #reached: StepObserver;
  readonly #stateDirectory: string;
  readonly #binary: string;
  readonly #hostIds: HostIdRange;
  #report: LineReport | undefined;

  constructor(deps: QemuLineDeps, options: QemuLineOptions) {
    this.#run = deps.run ?? runCommand;
    this.#reached = deps.reached ?? (() => undefined);
    this.#stateDirectory = options.stateDirectory;
    this.#binary = options.binary ?? 'qemu-system-x86_64';
    this.#hostIds = options.hostIds ?? HOST_ID_RANGE;
  }

  async probe(signal: AbortSignal): Promise<LineReport> {
    const user = probeUserOf(this.#hostIds);
    const options = { binary: this.#binary, stateDirectory: this.#stateDirectory, user };
    this.#report = await probeQemu(this.#run, options, signal);
    return this.#report;
  }

  async createOverlay(order: StartOrder, signal: AbortSignal): Promise<void> {
    const user = hostUserOf(this.#hostIds, order.vmId, order.image);
    // The machine's user must get through to its folder inside this one.
    if (user !== undefined) await chmod(order.directory, 0o711);
    await makeOverlay(order, { user, run: this.#run, reached: this.#reached }, signal);
  }

  async start(order: StartOrder, signal: AbortSignal): Promise<Machine> {
    const compatibility = await this.#compatibility(order, signal);
    const readonlyMapping = mapsReadonly(compatibility.vmmVersion);
    await admitToImage(this.#hostIds, order.image, !readonlyMapping);
    const user = hostUserOf(this.#hostIds, order.vmId, order.image, compatibility.accelerator);
    const deps = { run: this.#run, reached: this.#reached };
    return launch({ order, binary: this.#binary, compatibility, user, readonlyMapping, ...deps }, signal);
  }

  async adopt(state: MachineState, signal: AbortSignal): Promise<Adoption> {
    const qemu = decodeState(state);
    if (await isSuspended(qemu.directory)) {
      await this.kill(qemu.directory); // it has not run since, and must not
      return { kind: 'suspended' };
    }
    // One that was resumed as the plant was killed runs as a process that nobody noted.
    const process = isAlive(qemu.process) ? qemu.process : (await processesOf(runFolder(qemu.directory)))[0];
    if (process === undefined) return { kind: 'gone' };
    const channels = await openChannels(qemu.directory, signal);
    const machine = new QemuMachine({ channels, run: this.#run }, { ...qemu, process }, 'adopted');
    // It may have been stopped to be suspended, or not have run yet.
    await channels.monitor.execute('cont', {}, { signal });
    return { kind: 'running', machine };
  }

  async kill(directory: string): Promise<void> {
    const remaining = await killProcessesOf(directory, KILL_DEADLINE_MS);
    if (remaining.length > 0) {
      const pids = remaining.map(({ pid }) => pid);
      const message = `QEMU (process ${pids.join(', ')}) did not end within ${KILL_DEADLINE_MS} ms of SIGKILL`;
      throw new GridError('VMM_FAILED', message, { pids });
    }
    await removeSockets(runFolder(directory));
  }

  /** What is suspended says itself what machine it was; another one gets the best this host has. */
  async #compatibility({ start, image, directory }: StartOrder, signal: AbortSignal): Promise<CompatibilityRecord> {
    if (start === 'restore' && image.manifest.compatibility !== undefined) return image.manifest.compatibility;
    const slept = start === 'resume' ? await suspendedAs(directory) : undefined;
    if (slept !== undefined) return slept;
    const report = this.#report ?? (await this.probe(signal));
    if (report.available) return report.compatibility;
    throw new GridError('LINE_UNAVAILABLE', `the line qemu cannot start a machine: ${report.reason}`);
  }
}

function mapsReadonly(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return (
    major > READONLY_MAPPING_SINCE[0] || (major === READONLY_MAPPING_SINCE[0] && minor >= READONLY_MAPPING_SINCE[1])
  );
}
