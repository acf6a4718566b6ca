import { join } from 'node:path';
import { abortable, type CommandRunner, isAlive, signalProcess, waitUntilGone, within } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import { AgentGuest } from '../../guest/agent-guest.ts';
import { removeSockets } from '../../host/unix-socket.ts';
import { powerDown } from '../power-down.ts';
import type { FrozenFiles, Guest, GuestAccess, Machine, MachineExit, MachineState } from '../production-line.ts';
import { runFolder } from '../run-folder.ts';
import { logTail } from '../spawn-vmm.ts';
import { type Channels, closeChannels, openChannels } from './channels.ts';
import { changeDisc } from './disc-drive.ts';
import { collectFiles } from './freeze.ts';
import { FILES } from './layout.ts';
import { encodeState, type QemuState } from './machine-state.ts';
import { openUserNetwork } from './network.ts';
import type { QmpEvent } from './qmp/qmp-client.ts';
import { keepState } from './suspension.ts';
import { writeState } from './write-state.ts';

/** For QEMU to write back its caches and end, when it was told to. */
const QUIT_DEADLINE_MS = 10_000;
const KILL_DEADLINE_MS = 5_000;
const DISC_DEVICE = '/dev/sr0';

export interface QemuMachineDeps {
  readonly channels: Channels;
  /** Runs programs of the host. */
  readonly run: CommandRunner;
}

/**
 * A running QEMU. Its process may be the child of an earlier run of the plant.
 *
 *     held ──release──► released ──guest, insertDisc, openNetwork──► held
 *
 * What a machine was doing before it was taken hold of is not known: a run may hold its report port, a disc be in its drive.
 */
export class QemuMachine implements Machine {
  readonly state: MachineState;
  readonly exited: Promise<MachineExit>;
  readonly #run: CommandRunner;
  readonly #qemu: QemuState;
  #channels: Channels;
  #guest: AgentGuest;
  #cause: MachineExit['cause'] = 'crashed';
  #hold: 'held' | 'released' = 'held';
  #drive: 'known' | 'unknown';
  /** Wakes who waits for the end when a released machine is taken hold of again. */
  #retaken = Promise.withResolvers<void>();
  #retaking: Promise<void> | undefined;

  constructor({ channels, run }: QemuMachineDeps, state: QemuState, origin: 'started' | 'adopted' = 'started') {
    this.#run = run;
    this.#channels = channels;
    this.#guest = guestOver(channels, origin === 'started' ? 'ended' : 'unknown');
    this.#drive = origin === 'started' ? 'known' : 'unknown';
    this.#qemu = state;
    this.state = encodeState(state);
    channels.monitor.onEvent((event) => this.#observe(event));
    this.exited = this.#awaitExit();
  }

  async guest(signal: AbortSignal): Promise<Guest> {
    const { agent } = await this.#held(signal);
    if (this.#drive === 'unknown') await this.insertDisc(undefined, signal);
    await agent.synchronize(signal);
    return this.#guest;
  }

  async insertDisc(path: string | undefined, signal: AbortSignal): Promise<void> {
    const { monitor } = await this.#held(signal);
    await changeDisc(monitor, path, this.#qemu.uid, signal);
    this.#drive = 'known';
  }

  async openNetwork(signal: AbortSignal): Promise<GuestAccess> {
    const { monitor } = await this.#held(signal);
    return openUserNetwork(monitor, this.#qemu.guestNetwork, signal);
  }

  async freeze(signal: AbortSignal): Promise<FrozenFiles> {
    if (this.#qemu.purpose !== 'build') {
      throw new GridError('LINE_CANNOT_SUSPEND', 'a clone shares the memory of its image: only a build can be frozen');
    }
    await writeState(this.#channels.monitor, this.#qemu, { file: FILES.deviceState, memory: 'file' }, signal);
    await this.#quit(signal);
    return collectFiles(this.#qemu, this.#run, signal);
  }

  async suspend(signal: AbortSignal): Promise<void> {
    if (this.#qemu.purpose === 'build') {
      throw new GridError('LINE_CANNOT_SUSPEND', 'a machine that is to become an image is frozen, not suspended');
    }
    const { monitor } = await this.#held(signal);
    await keepState(monitor, this.#qemu, signal);
    await this.stop(0, signal);
  }

  async stop(graceMs: number, signal: AbortSignal): Promise<void> {
    if (graceMs > 0 && (await this.#powerDown(graceMs, signal))) return;
    this.#cause = 'requested';
    signalProcess(this.#qemu.process, 'SIGKILL');
    await abortable(this.exited, within(signal, KILL_DEADLINE_MS));
  }

  release(): void {
    if (this.#hold === 'released') return;
    this.#hold = 'released';
    this.#retaken = Promise.withResolvers<void>();
    closeChannels(this.#channels);
  }

  /** The channels, opened anew if the machine had been released. QEMU serves one plant at a time, so they are opened once. */
  async #held(signal: AbortSignal): Promise<Channels> {
    if (this.#hold === 'released') {
      this.#retaking ??= this.#retake(signal).finally(() => {
        this.#retaking = undefined;
      });
      await abortable(this.#retaking, signal);
    }
    return this.#channels;
  }

  async #retake(signal: AbortSignal): Promise<void> {
    if (!isAlive(this.#qemu.process)) throw new GridError('GUEST_LOST', 'the machine ended after it was released');
    this.#channels = await openChannels(this.#qemu.directory, signal);
    this.#channels.monitor.onEvent((event) => this.#observe(event));
    this.#guest = guestOver(this.#channels, 'unknown');
    this.#drive = 'unknown';
    this.#hold = 'held';
    this.#retaken.resolve();
  }

  /** Whether the guest powered itself off in time. */
  async #powerDown(graceMs: number, signal: AbortSignal): Promise<boolean> {
    this.#cause = 'requested';
    return powerDown(this.#channels.agent, this.exited, graceMs, signal);
  }

  async #quit(signal: AbortSignal): Promise<void> {
    this.#cause = 'requested';
    await this.#channels.monitor.execute('quit', {}, { signal });
    await abortable(this.exited, within(signal, QUIT_DEADLINE_MS));
  }

  #observe({ event, data }: QmpEvent): void {
    if (event === 'SHUTDOWN' && data.reason === 'guest-shutdown' && this.#cause === 'crashed') {
      this.#cause = 'guest-shutdown';
    }
  }

  /**
   * QEMU holds its end of the monitor until it ends. One that lets go of it and runs on cannot be spoken to any more and is
   * ended. After `release` it is somebody else's to watch, until it is taken hold of again.
   */
  async #awaitExit(): Promise<MachineExit> {
    let watched: Channels;
    do {
      watched = this.#channels;
      await watched.monitor.closed;
      if (this.#hold === 'released') await this.#retaken.promise;
    } while (watched !== this.#channels);
    if (!(await waitUntilGone(this.#qemu.process, KILL_DEADLINE_MS))) {
      signalProcess(this.#qemu.process, 'SIGKILL');
      await waitUntilGone(this.#qemu.process, KILL_DEADLINE_MS);
    }
    closeChannels(this.#channels);
    const { directory } = this.#qemu;
    const detail = await logTail(join(directory, FILES.log));
    await removeSockets(runFolder(directory));
    return { cause: this.#cause, detail };
  }
}

const guestOver = ({ agent, report }: Channels, earlierRun: 'ended' | 'unknown'): AgentGuest =>
  new AgentGuest({ agent, report }, { discDevice: DISC_DEVICE, earlierRun });
