import { chown, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { abortable, type CommandRunner, readFileIfAny, runCommand, within } from '@vmgrid/daemon';
import { removeSockets } from '@vmgrid/host';
import { type CompatibilityRecord, type LineReport, late } from '@vmgrid/protocol';
import type { GoldenImage } from '@vmgrid/warehouse';
import { admitToImage, HOST_ID_RANGE, type HostUser, hostUserOf } from '../process/host-user.ts';
import type { Adoption, Machine, MachineState, ProductionLine, StartOrder, StepObserver } from '../production-line.ts';
import { kernelArguments } from '../qemu/command-line.ts';
import { requireAvailable } from '../require-available.ts';
import type { FindImages } from '../trial-kernel.ts';
import type { OpenNative } from './api/binding.ts';
import { LibvirtConnection } from './api/connection.ts';
import type { LibvirtHost } from './api/libvirt-host.ts';
import { Virsh } from './api/virsh.ts';
import { openChannels } from './channels.ts';
import { type DomainId, domainIdOf } from './domain/domain-id.ts';
import type { DomainTemplate, DomainValues } from './domain/domain-template.ts';
import { launch } from './launch.ts';
import { FILES, SOCKETS } from './layout.ts';
import { LibvirtMachine } from './libvirt-machine.ts';
import { decodeState } from './machine-state.ts';
import { makeOverlay } from './overlay.ts';
import { probeLibvirt } from './probe.ts';

const KILL_DEADLINE_MS = 60_000;
/** libvirt's domain type for each accelerator. */
const DOMAIN_TYPES: Readonly<Record<string, string>> = { kvm: 'kvm', tcg: 'qemu' };

export interface LibvirtLineDeps {
  /** Runs programs of the host. */
  readonly run?: CommandRunner;
  readonly reached?: StepObserver;
  readonly open?: OpenNative;
}

export interface LibvirtLineOptions {
  /** The plant's folder for the line's findings about the host. */
  readonly stateDirectory: string;
  /** Images with a kernel to try KVM with. */
  readonly images: FindImages;
  readonly uri: string;
  readonly template: DomainTemplate;
}

/**
 * Machines of any hypervisor that libvirt reaches. They are always booted: libvirt's saved state can only resume the
 * machine that it came from, so this line suspends its clones but does not clone from memory. libvirt must run on the
 * plant's host, because disk, sockets and discs are files.
 */
export class LibvirtLine implements ProductionLine {
  readonly name = 'libvirt';
  readonly #run: CommandRunner;
  readonly #reached: StepObserver;
  readonly #host: LibvirtHost;
  readonly #options: LibvirtLineOptions;
  /** The latest probe of the host, finished or in progress. */
  #probed: Promise<LineReport> | undefined;

  constructor({ run = runCommand, reached = () => undefined, open }: LibvirtLineDeps, options: LibvirtLineOptions) {
    this.#run = run;
    this.#reached = reached;
    this.#options = options;
    const { uri } = options;
    const connection = new LibvirtConnection(open === undefined ? {} : { open }, { uri });
    this.#host = { connection, virsh: new Virsh({ run }, { uri }) };
  }

  probe(signal: AbortSignal): Promise<LineReport> {
    const deps = { host: this.#host, run: this.#run, sample: (record: CompatibilityRecord) => this.#sample(record) };
    const userOf = (vmId: string, image: GoldenImage) => this.#userOf({ vmId, image });
    const probed = probeLibvirt(deps, { ...this.#options, userOf }, signal);
    this.#probed = probed;
    probed.catch(() => {
      if (this.#probed === probed) this.#probed = undefined;
    });
    return probed;
  }

  createOverlay(order: StartOrder, signal: AbortSignal): Promise<void> {
    const user = this.#userOf(order);
    return makeOverlay(order, { user, reached: this.#reached }, signal);
  }

  async start(order: StartOrder, signal: AbortSignal): Promise<Machine> {
    const user = this.#userOf(order);
    await admitToImage(HOST_ID_RANGE, order.image);
    if (order.disc !== undefined && user !== undefined) await chown(order.disc, user.uid, user.uid);
    const xml = order.start === 'resume' ? undefined : await this.#xmlOf(order, user, signal);
    const console = this.#options.template.names('consoleSocket');
    const options = { order, xml, console, uid: user?.uid, host: this.#host, run: this.#run, reached: this.#reached };
    return launch(options, signal);
  }

  async adopt(state: MachineState, signal: AbortSignal): Promise<Adoption> {
    const domain = decodeState(state);
    const { uuid, directory, console } = domain;
    const { connection, virsh } = this.#host;
    // If the plant was killed while it suspended the machine, libvirt finishes that by itself: wait for it first.
    if ((await connection.state(uuid, signal)) === 'paused')
      await connection.resume(uuid, signal).catch(() => undefined);
    switch (await connection.state(uuid, signal)) {
      case undefined:
        return { kind: 'gone' };
      case 'running':
      case 'blocked': {
        const channels = await openChannels(directory, console, signal);
        const deps = { host: this.#host, run: this.#run, channels };
        return { kind: 'running', machine: new LibvirtMachine(deps, domain, 'adopted') };
      }
      default:
        return { kind: (await virsh.isSuspendedToDisk(uuid, signal)) ? 'suspended' : 'gone' };
    }
  }

  async kill(directory: string): Promise<void> {
    const uuid = (await readFileIfAny(join(directory, FILES.uuid)))?.trim();
    if (!uuid) return;
    await within({ ms: KILL_DEADLINE_MS, late: late('VMM_FAILED', `libvirt did not end ${uuid}`) }, async (until) => {
      await this.#host.connection.end(uuid, until);
      await this.#host.virsh.undefine(uuid, until);
    });
    await removeSockets(directory);
    await rm(join(directory, FILES.uuid), { force: true });
  }

  /**
   * Every machine has a user of its own. All are in the group that may read disks and boot files of images, and in no
   * other.
   */
  #userOf({ vmId, image }: Pick<StartOrder, 'vmId' | 'image'>): HostUser | undefined {
    const user = hostUserOf(HOST_ID_RANGE, { vmId, image });
    return user && { ...user, gid: user.groups[0]!, groups: [] };
  }

  async #xmlOf(order: StartOrder, user: HostUser | undefined, signal: AbortSignal): Promise<string> {
    const compatibility = requireAvailable(await abortable(this.#probed ?? this.#probeAlone(), signal));
    return this.#options.template.render({
      ...valuesOf(domainIdOf(order.vmId), order.directory, compatibility),
      ...{ memoryMiB: order.machine.memoryMiB, cpus: order.machine.cpus, macAddress: order.macAddress },
      restrict: order.guestNetwork === 'isolated' ? 'on' : 'off',
      ...bootValues(order.image, compatibility),
      ...(order.disc === undefined ? {} : { disc: order.disc }),
      ...(user === undefined ? {} : { owner: `+${user.uid}:+${user.gid}` }),
    });
  }

  /** Shared by all who start machines: no single one of them aborts it. */
  #probeAlone(): Promise<LineReport> {
    return this.probe(new AbortController().signal);
  }

  /**
   * Returns a sample machine that libvirt only looks at. It is always the same, so that one left by a killed plant is
   * found again.
   */
  #sample(compatibility: CompatibilityRecord): { readonly uuid: string; readonly xml: string } {
    const { stateDirectory, template } = this.#options;
    const id = domainIdOf('probe');
    const xml = template.render({
      ...valuesOf(id, stateDirectory, compatibility),
      ...{ memoryMiB: 128, cpus: 1, macAddress: '02:00:00:00:00:00', restrict: 'on' },
    });
    return { uuid: id.uuid, xml };
  }
}

type Fixed = 'name' | 'uuid' | 'domainType' | 'machineType' | 'cpuModel' | 'disk' | 'consoleSocket' | 'reportSocket';

/** Returns no values for an image with its own boot loader. */
function bootValues(
  { manifest: { boot }, baseDirectory }: GoldenImage,
  { accelerator }: CompatibilityRecord,
): Pick<DomainValues, 'kernel' | 'initrd' | 'commandLine'> {
  if (!('kernel' in boot)) return {};
  return {
    ...{ kernel: join(baseDirectory, boot.kernel), initrd: join(baseDirectory, boot.initrd) },
    commandLine: kernelArguments(boot.commandLine, accelerator),
  };
}

const valuesOf = (
  { name, uuid }: DomainId,
  directory: string,
  { accelerator, machineType, cpuModel }: CompatibilityRecord,
): Pick<DomainValues, Fixed> => ({
  ...{ name, uuid, machineType, cpuModel },
  domainType: DOMAIN_TYPES[accelerator] ?? accelerator,
  disk: join(directory, FILES.disk),
  consoleSocket: join(directory, SOCKETS.console),
  reportSocket: join(directory, SOCKETS.report),
});
