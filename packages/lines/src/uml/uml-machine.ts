import { chown } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type CommandRunner, isAlive, killProcessesOf, signalProcess, waitUntilGone } from '@vmgrid/daemon';
import type { MachineGroups } from '@vmgrid/host';
import { GridError } from '@vmgrid/protocol';
import { Attachment } from '../attachment.ts';
import { type HeldGuest, holdGuest, type Origin } from '../hold-guest.ts';
import { awaitEnd } from '../process/await-end.ts';
import { notABuild, powerDown, requirePowerDown } from '../process/power-down.ts';
import { runFolder } from '../process/run-folder.ts';
import { logTail } from '../process/spawn-vmm.ts';
import type { FrozenFiles, Guest, GuestAccess, Machine, MachineExit, MachineState } from '../production-line.ts';
import { type Channels, closeChannels, openChannels } from './channels.ts';
import { DISC_DEVICE, UNITS } from './command-line.ts';
import { exitCauseOf } from './exit-cause.ts';
import { collectDisk } from './freeze.ts';
import { FILES } from './layout.ts';
import { encodeState, type UmlState } from './machine-state.ts';
import { orderUml } from './management-console.ts';
import { endUserNetwork, openUserNetwork } from './network.ts';
import { removePipes } from './remove-pipes.ts';

const KILL_DEADLINE_MS = 5_000;

export interface UmlMachineDeps {
  readonly channels: Channels;
  /** Runs programs of the host. */
  readonly run: CommandRunner;
  /** Knows the group of the machine. */
  readonly groups: Pick<MachineGroups, 'entrance' | 'remove'>;
}

/** The content of the drive is known too, because UML reports a failure when it ejects from an empty drive. */
interface Attached extends Channels, Pick<HeldGuest, 'guest'> {
  drive: 'empty' | 'full' | 'unknown';
  /** Whether the guest has started anew since its network was opened, which it lost by that. */
  hasLostNetwork: boolean;
}

/** A running UML. Its process may be the child of an earlier run of the plant. */
export class UmlMachine implements Machine {
  readonly state: MachineState;
  readonly exited: Promise<MachineExit>;
  readonly #run: CommandRunner;
  readonly #groups: UmlMachineDeps['groups'];
  readonly #uml: UmlState;
  readonly #attachment: Attachment<Attached>;
  #requested = false;

  constructor({ channels, run, groups }: UmlMachineDeps, state: UmlState, origin: Origin = 'started') {
    this.#run = run;
    this.#groups = groups;
    this.#uml = state;
    this.state = encodeState(state);
    const deps = { open: () => this.#open(), close: closeChannels, closed: (held: Attached) => held.closed };
    this.#attachment = new Attachment(deps, holdOver(channels, origin));
    this.exited = this.#awaitExit();
  }

  async guest(signal: AbortSignal): Promise<Guest> {
    return (await this.#awake(signal)).guest;
  }

  async insertDisc(path: string | undefined, signal: AbortSignal): Promise<void> {
    // The management console must not be used before the guest is up.
    const held = await this.#awake(signal);
    if (held.drive === 'full') await this.#takeOut(held, signal);
    if (path === undefined) return;
    const { uid } = this.#uml;
    if (uid !== undefined) await chown(path, uid, uid);
    // As seen from UML's folder; uml_mconsole makes it absolute, so that no path may have a comma.
    const seen = relative(runFolder(this.#uml.directory), path);
    await orderUml(this.#uml, ['config', `${UNITS.disc}r=${seen}`], { run: this.#run, signal });
    held.drive = 'full';
  }

  async openNetwork(signal: AbortSignal): Promise<GuestAccess> {
    const held = await this.#attachment.attach(signal);
    if (held.hasLostNetwork) await endUserNetwork(this.#uml);
    held.hasLostNetwork = false;
    const entrance = this.#groups.entrance(this.#uml.directory);
    return openUserNetwork({ ...this.#uml, entrance }, { run: this.#run }, signal);
  }

  async freeze(signal: AbortSignal): Promise<FrozenFiles> {
    if (this.#uml.purpose !== 'build') throw notABuild();
    this.#requested = true;
    const { agent } = await this.#attachment.attach(signal);
    await requirePowerDown({ agent, exited: this.exited }, signal);
    return collectDisk(this.#uml);
  }

  async suspend(): Promise<void> {
    throw new GridError('LINE_CANNOT_SUSPEND', 'UML cannot keep the memory of a machine', { line: 'uml' });
  }

  async stop(graceMs: number, signal: AbortSignal): Promise<void> {
    if (graceMs > 0 && (await this.#powerDown(graceMs, signal))) return;
    this.#requested = true;
    signalProcess(this.#uml.process, 'SIGKILL');
    await awaitEnd(this.exited, KILL_DEADLINE_MS, signal);
  }

  detach(): void {
    this.#attachment.detach();
  }

  async #open(): Promise<Attached> {
    const { directory, process } = this.#uml;
    if (!isAlive(process)) throw new GridError('GUEST_LOST', 'the machine ended after the plant detached from it');
    return holdOver(openChannels(directory, process), 'adopted');
  }

  /** Waits for the agent; a disc that an earlier plant left in the drive has been ejected then. */
  async #awake(signal: AbortSignal): Promise<Attached> {
    const held = await this.#attachment.attach(signal);
    await held.agent.synchronize(signal);
    if (held.drive === 'unknown') await this.#takeOut(held, signal);
    return held;
  }

  /** When it is unknown whether there is a disc, an empty drive is no failure. */
  async #takeOut(held: Attached, signal: AbortSignal): Promise<void> {
    const taken = orderUml(this.#uml, ['remove', UNITS.disc], { run: this.#run, signal });
    if (held.drive === 'unknown') await taken.catch(() => signal.throwIfAborted());
    else await taken;
    held.drive = 'empty';
  }

  /** Returns whether the guest powered itself off in time. */
  async #powerDown(graceMs: number, signal: AbortSignal): Promise<boolean> {
    const { agent } = await this.#attachment.attach(signal);
    this.#requested = true;
    return powerDown({ agent, exited: this.exited }, graceMs, signal);
  }

  /** UML holds its console until it ends. */
  async #awaitExit(): Promise<MachineExit> {
    const { console } = await this.#attachment.ended();
    const { directory, process } = this.#uml;
    if (!(await waitUntilGone(process, KILL_DEADLINE_MS))) signalProcess(process, 'SIGKILL');
    // a group that cannot be removed is reported when the folder is freed
    await this.#groups.remove(directory).catch(() => undefined);
    // A killed UML leaves its helpers behind, and every UML its network.
    await killProcessesOf(directory, KILL_DEADLINE_MS);
    const printed = console.lastText;
    const log = await logTail(join(directory, FILES.log));
    await removePipes(directory);
    const cause = this.#requested ? 'requested' : exitCauseOf(printed);
    return { cause, detail: [log, printed].filter((text) => text !== '').join('\n') };
  }
}

function holdOver(channels: Channels, origin: Origin): Attached {
  const { guest, drive } = holdGuest(channels, DISC_DEVICE, origin);
  const held: Attached = {
    ...{ ...channels, guest, hasLostNetwork: false },
    drive: drive === 'known' ? 'empty' : drive,
  };
  channels.console.onRestart = (how) => {
    if (how === 'panic') return; // which ends UML
    held.drive = 'empty';
    held.hasLostNetwork = true;
    channels.report.guestRestarted(how);
  };
  return held;
}
