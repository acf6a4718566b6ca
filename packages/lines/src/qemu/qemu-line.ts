import { hardwareFor } from '@vmgrid/bidding';
import { isAlive, processesOf } from '@vmgrid/daemon';
import { removeSockets } from '@vmgrid/host';
import type { CompatibilityRecord, LineReport } from '@vmgrid/protocol';
import type { GoldenImage } from '@vmgrid/warehouse';
import {
  admitToFolder,
  endProcesses,
  type HostLine,
  type HostLineDeps,
  type HostLineOptions,
  hostLine,
} from '../host-line.ts';
import { admitToImage, hostUserOf } from '../process/host-user.ts';
import { runFolder } from '../process/run-folder.ts';
import type { Adoption, Machine, MachineState, ProductionLine, StartOrder } from '../production-line.ts';
import { requireAvailable } from '../require-available.ts';
import { openChannels } from './channels.ts';
import { hasResidentAgent } from './command-line.ts';
import { launch } from './launch.ts';
import { decodeState } from './machine-state.ts';
import { makeOverlay } from './overlay.ts';
import { probeQemu } from './probe.ts';
import { QemuMachine } from './qemu-machine.ts';
import { isSuspended, suspendedAs } from './suspension.ts';

/** From this version on a read-only memory file can be mapped privately (`readonly=on,rom=off`). */
const READONLY_MAPPING_SINCE = [8, 2] as const;

/** Machines under QEMU: booted once, then cloned from suspended memory in a time that does not depend on their size. */
export class QemuLine implements ProductionLine {
  readonly name = 'qemu';
  readonly #host: HostLine;
  #report: LineReport | undefined;

  constructor(deps: HostLineDeps, options: HostLineOptions) {
    this.#host = hostLine(deps, options, 'qemu-system-x86_64');
  }

  async probe(signal: AbortSignal): Promise<LineReport> {
    const { hostIds } = this.#host;
    const userOf = (vmId: string, image: GoldenImage) => hostUserOf(hostIds, { vmId, image, accelerator: 'kvm' });
    this.#report = await probeQemu(this.#host, { ...this.#host, line: this.name, userOf }, signal);
    return this.#report;
  }

  async createOverlay(order: StartOrder, signal: AbortSignal): Promise<void> {
    await makeOverlay(order, await admitToFolder(this.#host, order), signal);
  }

  async start(order: StartOrder, signal: AbortSignal): Promise<Machine> {
    const compatibility = await this.#compatibility(order, signal);
    const readonlyMapping = mapsReadonly(compatibility.vmmVersion);
    const { binary, hostIds, run, reached, groups } = this.#host;
    await admitToImage(hostIds, order.image);
    const user = hostUserOf(hostIds, { ...order, accelerator: compatibility.accelerator });
    return launch({ order, binary, compatibility, user, readonlyMapping, run, reached, groups }, signal);
  }

  async adopt(state: MachineState, signal: AbortSignal): Promise<Adoption> {
    const qemu = decodeState(state);
    if (await isSuspended(qemu.directory)) {
      await this.kill(qemu.directory); // it has not run since, and must not
      return { kind: 'suspended' };
    }
    // A machine that was being resumed when the plant was killed runs as a process that nobody recorded.
    const process = isAlive(qemu.process) ? qemu.process : (await processesOf(runFolder(qemu.directory)))[0];
    const { run, groups } = this.#host;
    if (process === undefined) {
      await groups.remove(qemu.directory);
      return { kind: 'gone' };
    }
    const resident = hasResidentAgent(qemu.compatibility) ? 'unknown' : 'none';
    const channels = await openChannels(qemu.directory, resident, signal);
    const machine = new QemuMachine({ channels, run, groups }, { ...qemu, process }, 'adopted');
    // It may have been stopped for a suspension, or not have run yet.
    await channels.monitor.execute('cont', {}, { signal });
    return { kind: 'running', machine };
  }

  async kill(directory: string): Promise<void> {
    await endProcesses(directory, 'QEMU', this.#host.groups);
    await removeSockets(runFolder(directory));
  }

  /** A suspended machine carries the hardware that it had; any other gets the best that this host has. */
  async #compatibility({ start, image, directory }: StartOrder, signal: AbortSignal): Promise<CompatibilityRecord> {
    if (start === 'restore' && image.manifest.compatibility !== undefined) return image.manifest.compatibility;
    const slept = start === 'resume' ? await suspendedAs(directory) : undefined;
    if (slept !== undefined) return slept;
    const report = this.#report ?? (await this.probe(signal));
    requireAvailable(report);
    return hardwareFor(report, image.manifest, 'boot');
  }
}

function mapsReadonly(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return (
    major > READONLY_MAPPING_SINCE[0] || (major === READONLY_MAPPING_SINCE[0] && minor >= READONLY_MAPPING_SINCE[1])
  );
}
