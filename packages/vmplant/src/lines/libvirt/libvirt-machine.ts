import { chown } from 'node:fs/promises';
import { abortable, within } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import { AgentGuest } from '../../guest/agent-guest.ts';
import { removeSockets } from '../../host/unix-socket.ts';
import { powerDown } from '../power-down.ts';
import type { FrozenFiles, Guest, GuestAccess, Machine, MachineExit, MachineState } from '../production-line.ts';
import { type Channels, closeChannels, openChannels } from './channels.ts';
import { DEVICES } from './layout.ts';
import { LibvirtAgent } from './libvirt-agent.ts';
import type { LibvirtHost } from './libvirt-host.ts';
import { type DomainState, encodeState } from './machine-state.ts';
import { openNetwork, setLink } from './network.ts';

const END_DEADLINE_MS = 30_000;
const DISC_DEVICE = '/dev/sr0';

export interface LibvirtMachineDeps {
  readonly host: LibvirtHost;
  readonly channels: Channels;
}

/**
 * A running domain. libvirtd and the hypervisor's process live on without the plant.
 *
 *     held ──release──► released ──guest, insertDisc, openNetwork, suspend──► held
 *
 * What a machine was doing before it was taken hold of is not known: a run may hold its report port, a disc be in its drive.
 */
export class LibvirtMachine implements Machine {
  readonly state: MachineState;
  readonly exited: Promise<MachineExit>;
  readonly #host: LibvirtHost;
  readonly #domain: DomainState;
  #channels: Channels;
  #agent: LibvirtAgent;
  #guest: AgentGuest;
  #cause: MachineExit['cause'] = 'crashed';
  #hold: 'held' | 'released' = 'held';
  #drive: 'known' | 'unknown';
  /** Whether libvirt is to know the domain on when it has ended. */
  #fate: 'forget' | 'keep' = 'forget';
  /** Wakes who waits for the end when a released machine is taken hold of again. */
  #retaken = Promise.withResolvers<void>();
  #retaking: Promise<void> | undefined;

  constructor({ host, channels }: LibvirtMachineDeps, state: DomainState, origin: 'started' | 'adopted' = 'started') {
    this.#host = host;
    this.#domain = state;
    this.state = encodeState(state);
    this.#channels = channels;
    this.#agent = this.#agentOver(channels);
    this.#guest = this.#guestOver(channels, origin === 'started' ? 'ended' : 'unknown');
    this.#drive = origin === 'started' ? 'known' : 'unknown';
    this.exited = this.#awaitExit();
  }

  async guest(signal: AbortSignal): Promise<Guest> {
    await this.#held(signal);
    if (this.#drive === 'unknown') await this.insertDisc(undefined, signal);
    await this.#agent.synchronize(signal);
    return this.#guest;
  }

  async insertDisc(path: string | undefined, signal: AbortSignal): Promise<void> {
    await this.#held(signal);
    const { uuid, uid } = this.#domain;
    if (path !== undefined && uid !== undefined) await chown(path, uid, uid);
    await this.#host.virsh.changeMedium(uuid, DEVICES.disc, path, signal);
    this.#drive = 'known';
  }

  async openNetwork(signal: AbortSignal): Promise<GuestAccess> {
    await this.#held(signal);
    return openNetwork(this.#host.virsh, this.#domain.uuid, signal);
  }

  async freeze(): Promise<FrozenFiles> {
    throw new GridError('LINE_CANNOT_SUSPEND', 'what libvirt saves resumes one machine only: it is no image to clone');
  }

  async suspend(signal: AbortSignal): Promise<void> {
    await this.#held(signal);
    const { virsh } = this.#host;
    const { uuid } = this.#domain;
    await this.insertDisc(undefined, signal);
    await setLink(virsh, uuid, false, signal);
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
    await abortable(this.exited, within(signal, END_DEADLINE_MS));
  }

  async stop(graceMs: number, signal: AbortSignal): Promise<void> {
    if (graceMs > 0 && (await this.#powerDown(graceMs, signal))) return;
    this.#cause = 'requested';
    await this.#host.connection.end(this.#domain.uuid, within(signal, END_DEADLINE_MS));
    if (this.#hold === 'held') await abortable(this.exited, within(signal, END_DEADLINE_MS));
    else await this.#clearAway();
  }

  release(): void {
    if (this.#hold === 'released') return;
    this.#hold = 'released';
    this.#retaken = Promise.withResolvers<void>();
    closeChannels(this.#channels);
  }

  /** Opens the channels anew if the machine had been released. A channel serves one plant at a time, so they are opened once. */
  async #held(signal: AbortSignal): Promise<void> {
    if (this.#hold === 'held') return;
    this.#retaking ??= this.#retake(signal).finally(() => {
      this.#retaking = undefined;
    });
    await abortable(this.#retaking, signal);
  }

  async #retake(signal: AbortSignal): Promise<void> {
    const { uuid, directory, console } = this.#domain;
    const state = await this.#host.connection.state(uuid, signal);
    if (state !== 'running') throw new GridError('GUEST_LOST', 'the machine ended after it was released');
    this.#channels = await openChannels(directory, console, signal);
    this.#agent = this.#agentOver(this.#channels);
    this.#guest = this.#guestOver(this.#channels, 'unknown');
    this.#drive = 'unknown';
    this.#hold = 'held';
    this.#retaken.resolve();
  }

  #agentOver({ ended }: Channels): LibvirtAgent {
    return new LibvirtAgent({ virsh: this.#host.virsh }, { uuid: this.#domain.uuid, ended });
  }

  #guestOver({ report }: Channels, earlierRun: 'ended' | 'unknown'): AgentGuest {
    return new AgentGuest({ agent: this.#agent, report }, { discDevice: DISC_DEVICE, earlierRun });
  }

  /** Whether the guest powered itself off in time. */
  async #powerDown(graceMs: number, signal: AbortSignal): Promise<boolean> {
    await this.#held(signal);
    this.#cause = 'requested';
    return powerDown(this.#agent, this.exited, graceMs, signal);
  }

  /** After a failure: the save goes on in libvirtd whoever asked for it, so it is called off, or was done already. */
  async #wasSuspended(): Promise<boolean> {
    const { virsh } = this.#host;
    const deadline = AbortSignal.timeout(END_DEADLINE_MS);
    await virsh.abortJob(this.#domain.uuid, deadline);
    return virsh.isSuspendedToDisk(this.#domain.uuid, deadline).catch(() => false);
  }

  /**
   * The hypervisor holds its end of the report channel until it ends. One that lets go of it and runs on cannot be listened to
   * any more and is ended. After `release` it is somebody else's to watch, until it is taken hold of again.
   */
  async #awaitExit(): Promise<MachineExit> {
    let watched: Channels;
    do {
      watched = this.#channels;
      await fired(watched.ended);
      if (this.#hold === 'released') await this.#retaken.promise;
    } while (watched !== this.#channels);
    closeChannels(this.#channels);
    const reason = await this.#clearAway();
    if (reason === 'shutdown' && this.#cause === 'crashed') this.#cause = 'guest-shutdown';
    return { cause: this.#cause, detail: `libvirt: ${reason}` };
  }

  /** Ends what may still run, and has libvirt forget it. Returns why it ended, in libvirt's words, empty if they are not known. */
  async #clearAway(): Promise<string> {
    const { connection, virsh } = this.#host;
    const { uuid, directory } = this.#domain;
    const deadline = AbortSignal.timeout(END_DEADLINE_MS);
    // Whatever fails here, `kill` can do later.
    await connection.end(uuid, deadline).catch(() => undefined);
    const reason = await virsh.endReason(uuid, deadline).catch(() => '');
    if (this.#fate === 'forget') await virsh.undefine(uuid, deadline).catch(() => undefined);
    await removeSockets(directory);
    return reason;
  }
}

const fired = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
