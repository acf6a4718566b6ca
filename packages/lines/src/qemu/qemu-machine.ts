import { join } from 'node:path';
import { type CommandRunner, isAlive, signalProcess, systemClock, waitUntilGone } from '@vmgrid/daemon';
import type { MachineGroups } from '@vmgrid/host';
import { removeSockets } from '@vmgrid/host';
import { GridError } from '@vmgrid/protocol';
import { Attachment } from '../attachment.ts';
import { AgentChannel } from '../guest/resident/agent-channel.ts';
import { ResidentGuest } from '../guest/resident/resident-guest.ts';
import { driveOf, type HeldGuest, holdGuest, type Origin } from '../hold-guest.ts';
import { awaitEnd } from '../process/await-end.ts';
import { powerDown } from '../process/power-down.ts';
import { runFolder } from '../process/run-folder.ts';
import { logTail } from '../process/spawn-vmm.ts';
import type { FrozenFiles, Guest, GuestAccess, Machine, MachineExit, MachineState } from '../production-line.ts';
import { type Channels, closeChannels, openChannels } from './channels.ts';
import { hasResidentAgent } from './command-line.ts';
import { changeDisc } from './disc-drive.ts';
import { DiskWatch } from './disk-watch.ts';
import { collectFiles } from './freeze.ts';
import { FILES } from './layout.ts';
import { encodeState, type QemuState } from './machine-state.ts';
import { openUserNetwork } from './network.ts';
import type { QmpClient, QmpEvent } from './qmp/qmp-client.ts';
import { keepState } from './suspension.ts';
import { writeState } from './write-state.ts';

/** Milliseconds for QEMU to write its caches and end, once it was told to. */
const QUIT_DEADLINE_MS = 10_000;
const KILL_DEADLINE_MS = 5_000;
/** Milliseconds for QEMU to let the guest run. */
const GO_ON_DEADLINE_MS = 10_000;
const DISC_DEVICE = '/dev/sr0';

export interface QemuMachineDeps {
  readonly channels: Channels;
  /** Runs programs of the host. */
  readonly run: CommandRunner;
  /** Knows the group of the machine. */
  readonly groups: Pick<MachineGroups, 'remove'>;
}

interface Attached extends Channels, HeldGuest {}

/** A running QEMU. Its process may be the child of an earlier run of the plant. */
export class QemuMachine implements Machine {
  readonly state: MachineState;
  readonly exited: Promise<MachineExit>;
  readonly #run: CommandRunner;
  readonly #groups: QemuMachineDeps['groups'];
  readonly #qemu: QemuState;
  readonly #attachment: Attachment<Attached>;
  #cause: MachineExit['cause'] = 'crashed';
  #isDiskFull = false;
  /** Whether its memory is being kept: its processors must not run meanwhile, nor afterwards. */
  #isKept = false;
  #diskListener: (isFull: boolean) => void = () => undefined;

  constructor({ channels, run, groups }: QemuMachineDeps, state: QemuState, origin: Origin = 'started') {
    this.#run = run;
    this.#groups = groups;
    this.#qemu = state;
    this.state = encodeState(state);
    const open = (signal: AbortSignal) => this.#open(signal);
    const deps = { open, close: closeChannels, closed: ({ monitor }: Attached) => monitor.closed };
    this.#attachment = new Attachment(deps, this.#holdOver(channels, origin));
    this.exited = this.#awaitExit();
  }

  async guest(signal: AbortSignal): Promise<Guest> {
    const held = await this.#attachment.attach(signal);
    if (held.drive === 'unknown') await this.insertDisc(undefined, signal);
    await (held.runs instanceof AgentChannel ? held.runs.ready(signal) : held.agent.synchronize(signal));
    return held.guest;
  }

  async insertDisc(path: string | undefined, signal: AbortSignal): Promise<void> {
    const held = await this.#attachment.attach(signal);
    await changeDisc(held.monitor, { path, uid: this.#qemu.uid }, signal);
    held.drive = 'known';
  }

  async openNetwork(signal: AbortSignal): Promise<GuestAccess> {
    const { monitor } = await this.#attachment.attach(signal);
    return openUserNetwork(monitor, this.#qemu, signal);
  }

  async freeze(signal: AbortSignal): Promise<FrozenFiles> {
    if (this.#qemu.purpose !== 'build') {
      throw new GridError('LINE_CANNOT_SUSPEND', 'a clone shares the memory of its image: only a build can be frozen');
    }
    const { monitor } = await this.#attachment.attach(signal);
    await this.#keep(() => writeState(monitor, { ...this.#qemu, file: FILES.deviceState, memory: 'file' }, signal));
    await this.#quit(monitor, signal);
    return collectFiles(this.#qemu, this.#run, signal);
  }

  async suspend(signal: AbortSignal): Promise<void> {
    if (this.#qemu.purpose === 'build') {
      throw new GridError('LINE_CANNOT_SUSPEND', 'a machine that is to become an image is frozen, not suspended');
    }
    const { monitor } = await this.#attachment.attach(signal);
    await this.#keep(() => keepState(monitor, this.#qemu, signal));
    await this.stop(0, signal);
  }

  async #keep(work: () => Promise<void>): Promise<void> {
    this.#isKept = true;
    try {
      await work();
    } catch (error) {
      this.#isKept = false;
      throw error;
    }
  }

  watchDisk(listener: (isFull: boolean) => void): void {
    this.#diskListener = listener;
    if (this.#isDiskFull) listener(true);
  }

  async stop(graceMs: number, signal: AbortSignal): Promise<void> {
    if (graceMs > 0 && (await this.#powerDown(graceMs, signal))) return;
    this.#cause = 'requested';
    signalProcess(this.#qemu.process, 'SIGKILL');
    await awaitEnd(this.exited, KILL_DEADLINE_MS, signal);
  }

  detach(): void {
    this.#attachment.detach();
  }

  #holdOver(channels: Channels, origin: Origin): Attached {
    const { monitor } = channels;
    monitor.onEvent((event) => this.#observe(event));
    this.#watchDiskOver(monitor);
    const { agent, runs } = channels;
    if (runs instanceof AgentChannel) {
      return { ...channels, guest: new ResidentGuest(runs, DISC_DEVICE), drive: driveOf(origin) };
    }
    return { ...channels, ...holdGuest({ agent, report: runs }, DISC_DEVICE, origin) };
  }

  #watchDiskOver(monitor: QmpClient): void {
    const ended = new AbortController();
    void monitor.closed.then(() => ended.abort());
    const goOn = () => monitor.execute('cont', {}, { timeoutMs: GO_ON_DEADLINE_MS });
    const told = (isFull: boolean) => {
      this.#isDiskFull = isFull;
      this.#diskListener(isFull);
    };
    const watch = new DiskWatch(
      { clock: systemClock, goOn, mayGoOn: () => !this.#isKept, told, ended: ended.signal },
      runFolder(this.#qemu.directory),
    );
    monitor.onEvent((event) => watch.observe(event));
  }

  async #open(signal: AbortSignal): Promise<Attached> {
    const { process, directory, compatibility } = this.#qemu;
    if (!isAlive(process)) throw new GridError('GUEST_LOST', 'the machine ended after the plant detached from it');
    const resident = hasResidentAgent(compatibility) ? 'unknown' : 'none';
    return this.#holdOver(await openChannels(directory, resident, signal), 'adopted');
  }

  /** Returns whether the guest powered itself off in time. */
  async #powerDown(graceMs: number, signal: AbortSignal): Promise<boolean> {
    const { agent } = await this.#attachment.attach(signal);
    this.#cause = 'requested';
    return powerDown({ agent, exited: this.exited }, graceMs, signal);
  }

  async #quit(monitor: QmpClient, signal: AbortSignal): Promise<void> {
    this.#cause = 'requested';
    await monitor.execute('quit', {}, { signal });
    await awaitEnd(this.exited, QUIT_DEADLINE_MS, signal);
  }

  #observe({ event, data }: QmpEvent): void {
    if (event === 'SHUTDOWN' && data.reason === 'guest-shutdown' && this.#cause === 'crashed') {
      this.#cause = 'guest-shutdown';
    }
  }

  /**
   * QEMU holds its end of the monitor until it ends. One that closes it and runs on cannot be spoken to, and is ended.
   */
  async #awaitExit(): Promise<MachineExit> {
    await this.#attachment.ended();
    const { process, directory } = this.#qemu;
    if (!(await waitUntilGone(process, KILL_DEADLINE_MS))) {
      signalProcess(process, 'SIGKILL');
      await waitUntilGone(process, KILL_DEADLINE_MS);
    }
    // a group that cannot be removed is reported when the folder is freed
    await this.#groups.remove(directory).catch(() => undefined);
    const detail = await logTail(join(directory, FILES.log));
    await removeSockets(runFolder(directory));
    return { cause: this.#cause, detail };
  }
}
