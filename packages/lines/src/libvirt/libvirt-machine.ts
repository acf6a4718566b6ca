import { chown } from 'node:fs/promises';
import { aborted, type CommandRunner, type Deadline, within } from '@vmgrid/daemon';
import { removeSockets } from '@vmgrid/host';
import { GridError, late } from '@vmgrid/protocol';
import { Attachment } from '../attachment.ts';
import { type HeldGuest, holdGuest, type Origin } from '../hold-guest.ts';
import { awaitEnd } from '../process/await-end.ts';
import { notABuild, powerDown, requirePowerDown } from '../process/power-down.ts';
import type { FrozenFiles, Guest, GuestAccess, Machine, MachineExit, MachineState } from '../production-line.ts';
import type { LibvirtHost } from './api/libvirt-host.ts';
import { type Channels, closeChannels, openChannels } from './channels.ts';
import { collectDisk } from './freeze.ts';
import { DEVICES } from './layout.ts';
import { LibvirtAgent } from './libvirt-agent.ts';
import { type DomainState, encodeState } from './machine-state.ts';
import { openNetwork, setLink } from './network.ts';

const END_DEADLINE_MS = 30_000;
const DISC_DEVICE = '/dev/sr0';

export interface LibvirtMachineDeps {
  readonly host: LibvirtHost;
  readonly channels: Channels;
  /** Runs programs of the host. */
  readonly run: CommandRunner;
}

interface Attached extends Channels, HeldGuest {
  readonly agent: LibvirtAgent;
}

/** A running domain. libvirtd and the hypervisor's process live on without the plant. */
export class LibvirtMachine implements Machine {
  readonly state: MachineState;
  readonly exited: Promise<MachineExit>;
  readonly #host: LibvirtHost;
  readonly #run: CommandRunner;
  readonly #domain: DomainState;
  readonly #attachment: Attachment<Attached>;
  #cause: MachineExit['cause'] = 'crashed';
  /** Whether libvirt shall keep the domain's definition when it has ended. */
  #fate: 'forget' | 'keep' = 'forget';

  constructor({ host, channels, run }: LibvirtMachineDeps, state: DomainState, origin: Origin = 'started') {
    this.#host = host;
    this.#run = run;
    this.#domain = state;
    this.state = encodeState(state);
    const open = (signal: AbortSignal) => this.#open(signal);
    const deps = { open, close: closeChannels, closed: ({ ended }: Attached) => aborted(ended) };
    this.#attachment = new Attachment(deps, this.#holdOver(channels, origin));
    this.exited = this.#awaitExit();
  }

  async guest(signal: AbortSignal): Promise<Guest> {
    const held = await this.#attachment.attach(signal);
    if (held.drive === 'unknown') await this.insertDisc(undefined, signal);
    await held.agent.synchronize(signal);
    return held.guest;
  }

  async insertDisc(path: string | undefined, signal: AbortSignal): Promise<void> {
    const held = await this.#attachment.attach(signal);
    const { uuid, uid } = this.#domain;
    if (path !== undefined && uid !== undefined) await chown(path, uid, uid);
    await this.#host.virsh.changeMedium({ uuid, drive: DEVICES.disc, path }, signal);
    held.drive = 'known';
  }

  async openNetwork(signal: AbortSignal): Promise<GuestAccess> {
    await this.#attachment.attach(signal);
    return openNetwork(this.#host.virsh, this.#domain.uuid, signal);
  }

  /** Keeps the disk only, because libvirt's saved state can resume one machine only. */
  async freeze(signal: AbortSignal): Promise<FrozenFiles> {
    if (this.#domain.purpose !== 'build') throw notABuild();
    const { agent } = await this.#attachment.attach(signal);
    this.#cause = 'requested';
    await requirePowerDown({ agent, exited: this.exited }, signal);
    return collectDisk(this.#domain, this.#run, signal);
  }

  async suspend(signal: AbortSignal): Promise<void> {
    await this.#attachment.attach(signal);
    const { virsh } = this.#host;
    const { uuid } = this.#domain;
    await this.insertDisc(undefined, signal);
    await setLink(virsh, { uuid, up: false }, signal);
    const before = this.#cause;
    this.#cause = 'requested';
    this.#fate = 'keep';
    try {
      await virsh.suspendToDisk(uuid, signal);
    } catch (error) {
      if (await this.#wasSuspended()) return;
      this.#cause = before;
      this.#fate = 'forget';
      throw error;
    }
    await awaitEnd(this.exited, END_DEADLINE_MS, signal);
  }

  async stop(graceMs: number, signal: AbortSignal): Promise<void> {
    if (graceMs > 0 && (await this.#powerDown(graceMs, signal))) return;
    this.#cause = 'requested';
    await within({ ...endOf(this.#domain), signal }, (until) => this.#host.connection.end(this.#domain.uuid, until));
    if (this.#attachment.isDetached) await this.#clearAway();
    else await awaitEnd(this.exited, END_DEADLINE_MS, signal);
  }

  detach(): void {
    this.#attachment.detach();
  }

  #holdOver(channels: Channels, origin: Origin): Attached {
    const { report, ended } = channels;
    const agent = new LibvirtAgent({ virsh: this.#host.virsh }, { uuid: this.#domain.uuid, ended });
    return { ...channels, agent, ...holdGuest({ agent, report }, DISC_DEVICE, origin) };
  }

  async #open(signal: AbortSignal): Promise<Attached> {
    const { uuid, directory, console } = this.#domain;
    const state = await this.#host.connection.state(uuid, signal);
    if (state !== 'running') throw new GridError('GUEST_LOST', 'the machine ended after the plant detached from it');
    return this.#holdOver(await openChannels(directory, console, signal), 'adopted');
  }

  /** Returns whether the guest powered itself off in time. */
  async #powerDown(graceMs: number, signal: AbortSignal): Promise<boolean> {
    const { agent } = await this.#attachment.attach(signal);
    this.#cause = 'requested';
    return powerDown({ agent, exited: this.exited }, graceMs, signal);
  }

  /**
   * Handles a failed suspension: the save may go on in libvirtd by itself, so it is cancelled, unless it was done
   * already.
   */
  async #wasSuspended(): Promise<boolean> {
    const { virsh } = this.#host;
    const asked = within(endOf(this.#domain), async (until) => {
      await virsh.abortJob(this.#domain.uuid, until);
      return virsh.isSuspendedToDisk(this.#domain.uuid, until);
    });
    return asked.catch(() => false);
  }

  /** The hypervisor holds its end of the report channel until it ends. One that closes it and runs on is ended. */
  async #awaitExit(): Promise<MachineExit> {
    await this.#attachment.ended();
    const reason = await this.#clearAway();
    if (reason === 'shutdown' && this.#cause === 'crashed') this.#cause = 'guest-shutdown';
    return { cause: this.#cause, detail: `libvirt: ${reason}` };
  }

  /**
   * Ends what may still run and undefines the domain. Returns why it ended, in libvirt's words; empty when that is not
   * known.
   */
  async #clearAway(): Promise<string> {
    const { connection, virsh } = this.#host;
    const { uuid, directory } = this.#domain;
    return within(endOf(this.#domain), async (until) => {
      // `kill` can do later whatever fails here.
      await connection.end(uuid, until).catch(() => undefined);
      const reason = await virsh.endReason(uuid, until).catch(() => '');
      if (this.#fate === 'forget') await virsh.undefine(uuid, until).catch(() => undefined);
      await removeSockets(directory);
      return reason;
    });
  }
}

const endOf = ({ uuid }: DomainState): Deadline => ({
  ms: END_DEADLINE_MS,
  late: late('VMM_FAILED', `libvirt did not end the domain ${uuid}`, { uuid }),
});
