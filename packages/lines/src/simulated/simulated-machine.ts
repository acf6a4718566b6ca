import { appendFileSync, statSync } from 'node:fs';
import { copyFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { abortable, endsWithin, isAlive, type ProcessIdentity, signalProcess, systemClock } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import { awaitEnd } from '../process/await-end.ts';
import { MAX_CONSOLE_BYTES } from '../process/console-log.ts';
import type { FrozenFiles, Guest, GuestAccess, Machine, MachineExit, MachineState } from '../production-line.ts';
import type { Fate } from './faults.ts';
import { readDisk, readMemory } from './guest-disk.ts';
import { GuestRestarts } from './guest-restarts.ts';
import { GuestSystem } from './guest-system.ts';
import { FILES } from './layout.ts';
import { type LifeWatch, removeTraces, watchLife } from './machine-process.ts';
import { encodeState, type SimulatedState } from './machine-state.ts';
import { SimulatedGuest } from './simulated-guest.ts';
import { openSshPort, type SshPort } from './ssh-port.ts';

const KILL_DEADLINE_MS = 5_000;

/** A process that was watched from its start on. */
interface WatchedProcess {
  readonly process: ProcessIdentity;
  readonly life: LifeWatch;
}

/** A plant's hold on a machine. */
interface Attachment {
  readonly life: LifeWatch;
  readonly system: GuestSystem;
  readonly lost: AbortController;
  readonly carrier: PromiseWithResolvers<void>;
  readonly restarts: GuestRestarts;
  /** Resolves when the guest is up. */
  up: Promise<void>;
  disc: string | undefined;
  port: SshPort | undefined;
}

/**
 * A running simulated machine. Its process may be the child of an earlier run of the plant.
 *
 *     held ──detach──► detached ──guest, insertDisc, openNetwork──► held
 */
export class SimulatedMachine implements Machine {
  readonly state: MachineState;
  readonly exited: Promise<MachineExit>;
  readonly #process: ProcessIdentity;
  readonly #state: SimulatedState;
  readonly #fate: Fate;
  readonly #exit = Promise.withResolvers<MachineExit>();
  #cause: MachineExit['cause'] = 'crashed';
  #attachment: Attachment | undefined;
  #attaching: Promise<Attachment> | undefined;

  /** Attaches to a machine whose process runs, or has just ended. */
  static async hold(process: ProcessIdentity, state: SimulatedState, fate: Fate): Promise<SimulatedMachine> {
    const machine = new SimulatedMachine(process, state, fate);
    await machine.#attach();
    return machine;
  }

  /** Attaches to a machine that has just been started. */
  static async holdNew({ process, life }: WatchedProcess, state: SimulatedState, fate: Fate) {
    const machine = new SimulatedMachine(process, state, fate);
    await machine.#attach(life);
    return machine;
  }

  private constructor(process: ProcessIdentity, state: SimulatedState, fate: Fate) {
    this.#process = process;
    this.#state = state;
    this.#fate = fate;
    this.state = encodeState(state);
    this.exited = this.#exit.promise;
  }

  async guest(signal: AbortSignal): Promise<Guest> {
    const hold = await this.#held(signal);
    if (this.#fate.hangs) await abortable(new Promise(() => undefined), signal);
    await abortable(hold.up, signal);
    return new SimulatedGuest({
      restarts: hold.restarts,
      system: hold.system,
      fate: this.#fate,
      disc: () => hold.disc,
      carrier: hold.carrier.promise,
      save: () => hold.system.save(this.#state.directory),
      lost: hold.lost.signal,
    });
  }

  async insertDisc(path: string | undefined, signal: AbortSignal): Promise<void> {
    (await this.#held(signal)).disc = path;
  }

  async openNetwork(signal: AbortSignal): Promise<GuestAccess> {
    const hold = await this.#held(signal);
    const { lost } = hold;
    const port = hold.port ?? (await openSshPort(0));
    if (lost.signal.aborted) {
      port.close();
      throw lost.signal.reason;
    }
    hold.port = port;
    hold.system.sshPort = port.port;
    await hold.system.save(this.#state.directory);
    hold.carrier.resolve();
    return { sshPort: port.port };
  }

  async freeze(signal: AbortSignal): Promise<FrozenFiles> {
    if (this.#state.purpose !== 'build') {
      throw new GridError('LINE_CANNOT_SUSPEND', 'a clone shares the memory of its image: only a build can be frozen');
    }
    const { memoryMiB, cpus, directory } = this.#state;
    await this.#saveWithoutNetwork(signal);
    await writeFile(join(directory, FILES.deviceState), JSON.stringify({ memoryMiB, cpus }), { mode: 0o600 });
    await this.stop(0, signal);
    return { disk: FILES.disk, diskFormat: 'raw', memory: { memory: FILES.memory, state: FILES.deviceState } };
  }

  async suspend(signal: AbortSignal): Promise<void> {
    const { directory } = this.#state;
    await systemClock.sleep(this.#fate.startMs, signal);
    await this.#saveWithoutNetwork(signal);
    // A plant that is killed here finds the machine running, and drops the saved state.
    await copyFile(join(directory, FILES.memory), join(directory, FILES.suspended));
    await this.stop(0, signal);
    await rm(join(directory, FILES.memory), { force: true });
  }

  async stop(graceMs: number, signal: AbortSignal): Promise<void> {
    this.#cause = 'requested';
    await this.#held(signal);
    // A guest that hangs does not notice the request to power off.
    if (graceMs > 0 && this.#fate.hangs) await this.#waitGrace(graceMs, signal);
    signalProcess(this.#process, 'SIGKILL');
    await awaitEnd(this.exited, KILL_DEADLINE_MS, signal);
  }

  detach(): void {
    if (!this.#attachment) return;
    letGo(this.#attachment, 'the plant detached from the machine');
    this.#attachment = undefined;
  }

  /** Returns the attachment; attaches again, once, after a detach. */
  async #held(signal: AbortSignal): Promise<Attachment> {
    if (this.#attachment) return this.#attachment;
    this.#attaching ??= this.#attach().finally(() => {
      this.#attaching = undefined;
    });
    return abortable(this.#attaching, signal);
  }

  async #attach(watched?: LifeWatch): Promise<Attachment> {
    const { directory, memoryMiB, cpus } = this.#state;
    const disk = await readDisk(join(directory, FILES.disk));
    const memory = await readMemory(join(directory, FILES.memory));
    const hooks = {
      disc: () => this.#attachment?.disc,
      powerOff: () => this.#powerOff(),
      restart: () => this.#restart(),
      print: (text: string) => printOn(directory, text),
    };
    const system = new GuestSystem({ disk, memory, machine: { memoryMiB, cpus } }, hooks);
    const life = watched ?? watchLife(directory);
    const hold: Attachment = {
      ...{ system, life, lost: new AbortController(), carrier: Promise.withResolvers<void>() },
      ...{ restarts: new GuestRestarts(), up: Promise.resolve() },
      ...{ disc: undefined, port: await portAgain(system) },
    };
    if (hold.port) hold.carrier.resolve();
    this.#attachment = hold;
    // A pipe that nobody has open for writing any more when it is opened for reading reports nothing.
    const ended = watched === undefined && !isAlive(this.#process) ? Promise.resolve() : life.ended;
    void ended.then(() => this.#ended(hold));
    return hold;
  }

  async #saveWithoutNetwork(signal: AbortSignal): Promise<void> {
    const hold = await this.#held(signal);
    hold.port?.close();
    hold.port = undefined;
    hold.system.sshPort = undefined;
    await hold.system.save(this.#state.directory);
  }

  #powerOff(): void {
    if (this.#cause === 'crashed') this.#cause = 'guest-shutdown';
    signalProcess(this.#process, 'SIGKILL');
  }

  #restart(): void {
    const hold = this.#attachment;
    if (!hold) return;
    hold.up = systemClock.sleep(this.#fate.bootMs);
    hold.restarts.startAnew();
  }

  async #waitGrace(graceMs: number, signal: AbortSignal): Promise<void> {
    await endsWithin({ ms: graceMs, signal }, (until) => abortable(this.exited, until));
  }

  async #ended(hold: Attachment): Promise<void> {
    letGo(hold, 'the machine ended while a command ran in it');
    await removeTraces(this.#state.directory);
    this.#exit.resolve({ cause: this.#cause, detail: '' });
  }
}

function letGo({ life, lost, port }: Attachment, why: string): void {
  lost.abort(new GridError('GUEST_LOST', why));
  life.close();
  port?.close();
}

function printOn(directory: string, text: string): void {
  const console = join(directory, FILES.console);
  const leftBytes = MAX_CONSOLE_BYTES - statSync(console).size;
  if (leftBytes > 0) appendFileSync(console, Buffer.from(text, 'latin1').subarray(0, leftBytes));
}

/** Opens the port of a guest again whose plant was killed; another program may use it by now. */
async function portAgain(system: GuestSystem): Promise<SshPort | undefined> {
  if (system.sshPort === undefined) return undefined;
  const port = await openSshPort(system.sshPort).catch(() => undefined);
  if (!port) system.sshPort = undefined;
  return port;
}

/** Removes the saved state of a suspended machine. */
export const forgetSuspension = (directory: string): Promise<void> =>
  rm(join(directory, FILES.suspended), { force: true });
