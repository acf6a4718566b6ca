import { chown } from 'node:fs/promises';
import { join } from 'node:path';
import {
  abortable,
  type CommandRunner,
  isAlive,
  killProcessesOf,
  signalProcess,
  waitUntilGone,
  within,
} from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import { AgentGuest } from '../../guest/agent-guest.ts';
import { powerDown } from '../power-down.ts';
import type { FrozenFiles, Guest, GuestAccess, Machine, MachineExit, MachineState } from '../production-line.ts';
import { logTail } from '../spawn-vmm.ts';
import { type Channels, closeChannels, openChannels } from './channels.ts';
import { DISC_DEVICE, UNITS } from './command-line.ts';
import { exitCauseOf } from './exit-cause.ts';
import { collectDisk } from './freeze.ts';
import { FILES } from './layout.ts';
import { encodeState, type UmlState } from './machine-state.ts';
import { orderUml } from './management-console.ts';
import { openUserNetwork } from './network.ts';
import { removePipes } from './remove-pipes.ts';

const KILL_DEADLINE_MS = 5_000;
/** For a guest that is to become an image to write back its disk and power off. */
const POWER_DOWN_DEADLINE_MS = 60_000;

export interface UmlMachineDeps {
  readonly channels: Channels;
  /** Runs programs of the host. */
  readonly run: CommandRunner;
}

/**
 * A running UML. Its process may be the child of an earlier run of the plant.
 *
 *     held ──release──► released ──guest, insertDisc, openNetwork──► held
 *
 * What a machine was doing before it was taken hold of is not known: a run may be under way, a disc be in.
 */
export class UmlMachine implements Machine {
  readonly state: MachineState;
  readonly exited: Promise<MachineExit>;
  readonly #run: CommandRunner;
  readonly #uml: UmlState;
  #channels: Channels;
  #guest: AgentGuest;
  #requested = false;
  #hold: 'held' | 'released' = 'held';
  #drive: 'empty' | 'full' | 'unknown';
  #retaken = Promise.withResolvers<void>();

  constructor({ channels, run }: UmlMachineDeps, state: UmlState, origin: 'started' | 'adopted' = 'started') {
    this.#run = run;
    this.#channels = channels;
    this.#guest = guestOver(channels, origin === 'started' ? 'ended' : 'unknown');
    this.#drive = origin === 'started' ? 'empty' : 'unknown';
    this.#uml = state;
    this.state = encodeState(state);
    this.exited = this.#awaitExit();
  }

  async guest(signal: AbortSignal): Promise<Guest> {
    await this.#held().agent.synchronize(signal);
    if (this.#drive === 'unknown') await this.#takeOut(signal);
    return this.#guest;
  }

  async insertDisc(path: string | undefined, signal: AbortSignal): Promise<void> {
    // The management console is not to be used before the guest is up.
    await this.guest(signal);
    if (this.#drive === 'full') await this.#takeOut(signal);
    if (path === undefined) return;
    const { uid } = this.#uml;
    if (uid !== undefined) await chown(path, uid, uid);
    await orderUml(this.#uml, ['config', `${UNITS.disc}r=${path}`], this.#run, signal);
    this.#drive = 'full';
  }

  async openNetwork(signal: AbortSignal): Promise<GuestAccess> {
    this.#held();
    return openUserNetwork(this.#uml, this.#run, signal);
  }

  async freeze(signal: AbortSignal): Promise<FrozenFiles> {
    if (this.#uml.purpose !== 'build') {
      throw new GridError('LINE_CANNOT_SUSPEND', 'a clone stands on the disk of its image: only a build becomes one');
    }
    if (!(await this.#powerDown(POWER_DOWN_DEADLINE_MS, signal))) {
      throw new GridError('VMM_FAILED', `the guest did not power off within ${POWER_DOWN_DEADLINE_MS} ms`);
    }
    return collectDisk(this.#uml);
  }

  async suspend(): Promise<void> {
    throw new GridError('LINE_CANNOT_SUSPEND', 'UML cannot keep the memory of a machine', { line: 'uml' });
  }

  async stop(graceMs: number, signal: AbortSignal): Promise<void> {
    if (graceMs > 0 && (await this.#powerDown(graceMs, signal))) return;
    this.#requested = true;
    signalProcess(this.#uml.process, 'SIGKILL');
    await abortable(this.exited, within(signal, KILL_DEADLINE_MS));
  }

  release(): void {
    if (this.#hold === 'released') return;
    this.#hold = 'released';
    this.#retaken = Promise.withResolvers<void>();
    closeChannels(this.#channels);
  }

  /** The channels, opened anew if the machine had been released. */
  #held(): Channels {
    if (this.#hold === 'held') return this.#channels;
    const { directory, process } = this.#uml;
    if (!isAlive(process)) throw new GridError('GUEST_LOST', 'the machine ended after it was released');
    this.#channels = openChannels(directory, process);
    this.#guest = guestOver(this.#channels, 'unknown');
    this.#drive = 'unknown';
    this.#hold = 'held';
    this.#retaken.resolve();
    return this.#channels;
  }

  /** Where it is unknown whether there is a disc, that there was none is no failure. */
  async #takeOut(signal: AbortSignal): Promise<void> {
    const taken = orderUml(this.#uml, ['remove', UNITS.disc], this.#run, signal);
    if (this.#drive === 'unknown') await taken.catch(() => signal.throwIfAborted());
    else await taken;
    this.#drive = 'empty';
  }

  /** Whether the guest powered itself off in time. */
  async #powerDown(graceMs: number, signal: AbortSignal): Promise<boolean> {
    const { agent } = this.#held();
    this.#requested = true;
    return powerDown(agent, this.exited, graceMs, signal);
  }

  /** UML holds its console until it ends. After `release` it is somebody else's to watch, until it is taken hold of again. */
  async #awaitExit(): Promise<MachineExit> {
    let watched: Channels;
    do {
      watched = this.#channels;
      await watched.closed;
      if (this.#hold === 'released') await this.#retaken.promise;
    } while (watched !== this.#channels);
    const { directory, process } = this.#uml;
    if (!(await waitUntilGone(process, KILL_DEADLINE_MS))) signalProcess(process, 'SIGKILL');
    // A UML that was killed leaves its helpers, and every one its network.
    await killProcessesOf(directory, KILL_DEADLINE_MS);
    closeChannels(watched);
    const printed = watched.console.lastText;
    const log = await logTail(join(directory, FILES.log));
    await removePipes(directory);
    const cause = this.#requested ? 'requested' : exitCauseOf(printed);
    return { cause, detail: [log, printed].filter((text) => text !== '').join('\n') };
  }
}

const guestOver = ({ agent, report }: Channels, earlierRun: 'ended' | 'unknown'): AgentGuest =>
  new AgentGuest({ agent, report }, { discDevice: DISC_DEVICE, earlierRun });
