import { chown, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { abortable, type CommandRunner, isTimeout, signalProcess, waitUntilGone, within } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import { AgentGuest } from '../../guest/agent-guest.ts';
import type { Guest, Machine, MachineExit, MachineState, SuspendedFiles } from '../production-line.ts';
import { type Channels, closeChannels } from './channels.ts';
import { DEVICES } from './command-line.ts';
import { collectFiles, writeState } from './freeze.ts';
import { runFolder } from './layout.ts';
import { encodeState, type QemuState } from './machine-state.ts';
import { openUserNetwork } from './network.ts';
import type { QmpEvent } from './qmp/qmp-client.ts';
import { logTail } from './spawn-qemu.ts';

/** For QEMU to write back its caches and end, when it was told to. */
const QUIT_DEADLINE_MS = 10_000;
const KILL_DEADLINE_MS = 5_000;
const DISC_DEVICE = '/dev/sr0';

export interface QemuMachineDeps {
  readonly channels: Channels;
  /** Runs programs of the host. */
  readonly run: CommandRunner;
}

/** A running QEMU. Its process may be the child of an earlier run of the plant. */
export class QemuMachine implements Machine {
  readonly state: MachineState;
  readonly exited: Promise<MachineExit>;
  readonly #run: CommandRunner;
  readonly #channels: Channels;
  readonly #qemu: QemuState;
  #cause: MachineExit['cause'] = 'crashed';
  #hold: 'held' | 'released' = 'held';

  constructor({ channels, run }: QemuMachineDeps, state: QemuState) {
    this.#run = run;
    this.#channels = channels;
    this.#qemu = state;
    this.state = encodeState(state);
    channels.monitor.onEvent((event) => this.#observe(event));
    this.exited = this.#awaitExit();
  }

  async guest(signal: AbortSignal): Promise<Guest> {
    const { agent, report } = this.#channels;
    await agent.synchronize(signal);
    return new AgentGuest({ agent, report }, { discDevice: DISC_DEVICE });
  }

  async insertDisc(path: string | undefined, signal: AbortSignal): Promise<void> {
    const { monitor } = this.#channels;
    if (path === undefined) {
      await monitor.execute('eject', { id: DEVICES.disc, force: true }, { signal });
      return;
    }
    const { uid } = this.#qemu;
    if (uid !== undefined) await chown(path, uid, uid);
    const medium = { id: DEVICES.disc, filename: path, format: 'raw', force: true, 'read-only-mode': 'read-only' };
    await monitor.execute('blockdev-change-medium', medium, { signal });
  }

  async openNetwork(signal: AbortSignal): Promise<void> {
    await openUserNetwork(this.#channels.monitor, this.#qemu, signal);
  }

  async suspend(signal: AbortSignal): Promise<SuspendedFiles> {
    if (this.#qemu.purpose !== 'build') {
      throw new GridError('LINE_CANNOT_SUSPEND', 'a clone shares the memory of its image: only a build can be frozen');
    }
    await writeState(this.#channels.monitor, this.#qemu, signal);
    await this.#quit(signal);
    return collectFiles(this.#qemu, this.#run, signal);
  }

  async stop(graceMs: number, signal: AbortSignal): Promise<void> {
    if (graceMs > 0 && (await this.#powerDown(graceMs, signal))) return;
    this.#cause = 'requested';
    signalProcess(this.#qemu.process, 'SIGKILL');
    await abortable(this.exited, within(signal, KILL_DEADLINE_MS));
  }

  release(): void {
    this.#hold = 'released';
    closeChannels(this.#channels);
  }

  /** Whether the guest powered itself off in time. */
  async #powerDown(graceMs: number, signal: AbortSignal): Promise<boolean> {
    const deadline = within(signal, graceMs);
    // The agent answers to a shutdown only if it fails.
    const asked = this.#channels.agent.execute('guest-shutdown', { mode: 'powerdown' }, deadline);
    asked.catch(() => undefined);
    this.#cause = 'requested';
    try {
      await abortable(this.exited, deadline);
      return true;
    } catch (error) {
      if (signal.aborted || !isTimeout(deadline)) throw error;
      return false;
    }
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
   * ended. After `release` it is somebody else's to watch.
   */
  async #awaitExit(): Promise<MachineExit> {
    await this.#channels.monitor.closed;
    if (this.#hold === 'released') return new Promise(() => undefined);
    if (!(await waitUntilGone(this.#qemu.process, KILL_DEADLINE_MS))) {
      signalProcess(this.#qemu.process, 'SIGKILL');
      await waitUntilGone(this.#qemu.process, KILL_DEADLINE_MS);
    }
    closeChannels(this.#channels);
    const { directory } = this.#qemu;
    const detail = await logTail(directory);
    await removeSockets(runFolder(directory));
    return { cause: this.#cause, detail };
  }
}

/** A QEMU that was killed leaves its sockets behind. What else it gave such a name stays until its folder goes. */
export async function removeSockets(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  const sockets = names.filter((name) => name.endsWith('.sock'));
  await Promise.all(sockets.map((name) => unlink(join(folder, name)).catch(() => undefined)));
}
