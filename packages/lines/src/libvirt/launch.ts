import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CommandRunner, type Deadline, UndoStack, within } from '@vmgrid/daemon';
import { removeSockets } from '@vmgrid/host';
import { late } from '@vmgrid/protocol';
import { parentOf } from '../disks/overlay-disk.ts';
import type { StartOrder, StepObserver } from '../production-line.ts';
import type { LibvirtHost } from './api/libvirt-host.ts';
import { closeChannels, openChannels } from './channels.ts';
import { domainIdOf } from './domain/domain-id.ts';
import { FILES, refuseLongPath } from './layout.ts';
import { LibvirtMachine } from './libvirt-machine.ts';
import type { DomainState } from './machine-state.ts';
import { setLink } from './network.ts';

const UNDO_DEADLINE_MS = 60_000;
/** libvirt has made the sockets when it reports that the domain runs. */
const CONNECT_DEADLINE_MS = 10_000;

export interface Launch {
  readonly order: StartOrder;
  readonly host: LibvirtHost;
  /** The domain's XML; undefined for a domain that is resumed, because libvirt has it. */
  readonly xml: string | undefined;
  readonly console: boolean;
  /** The user of the domain's process. */
  readonly uid: number | undefined;
  readonly run: CommandRunner;
  readonly reached: StepObserver;
}

/**
 * Starts or resumes a machine until its processors run. After a failure nothing of it is left but the disk that it was
 * given.
 */
export async function launch(options: Launch, signal: AbortSignal): Promise<LibvirtMachine> {
  refuseLongPath(options.order.directory);
  const undo = new UndoStack();
  try {
    return await launchWith(options, undo, signal);
  } catch (error) {
    await undo.unwind();
    throw error;
  }
}

const noSocket = (uuid: string) =>
  late('VMM_FAILED', `the sockets of the domain ${uuid}, which libvirt started, did not answer`, { uuid });

const undoOf = (uuid: string): Deadline => ({
  ms: UNDO_DEADLINE_MS,
  late: late('VMM_FAILED', `libvirt did not undo its work on the domain ${uuid}`, { uuid }),
});

async function launchWith(options: Launch, undo: UndoStack, signal: AbortSignal): Promise<LibvirtMachine> {
  const { order, host, console, uid, run, reached } = options;
  const { directory, purpose, vmId } = order;
  const { uuid } = domainIdOf(vmId);
  if (options.xml !== undefined) await define({ ...options, uuid, xml: options.xml }, undo, signal);
  reached('domain');
  undo.push('process', () => stopAgain(uuid, order, host));
  await host.connection.start(uuid, signal);
  reached('process');
  // The guest has not yet looked at its network. One that is resumed wakes with its cable unplugged.
  if (order.start === 'boot') await setLink(host.virsh, { uuid, up: false }, signal);
  reached('network');
  const limit = { ms: CONNECT_DEADLINE_MS, signal, late: noSocket(uuid) };
  const channels = await within(limit, (until) => openChannels(directory, console, until));
  undo.push('channels', () => closeChannels(channels));
  reached('channels');
  const state: DomainState = { uuid, directory, purpose, console, uid, ...parentOf(order) };
  return new LibvirtMachine({ host, channels, run }, state);
}

/**
 * The UUID is written into the folder before libvirt knows the domain, so that `kill` finds it whenever the plant dies.
 */
async function define(
  { uuid, xml, order: { directory }, host, reached }: Launch & { readonly uuid: string; readonly xml: string },
  undo: UndoStack,
  signal: AbortSignal,
): Promise<void> {
  undo.push('files', () => removeFiles(directory));
  await writeFile(join(directory, FILES.uuid), `${uuid}\n`, { mode: 0o600 });
  await writeFile(join(directory, FILES.domain), xml, { mode: 0o600 });
  reached('files');
  undo.push('domain', () => forget(uuid, host));
  await host.connection.define(uuid, xml, signal);
}

async function forget(uuid: string, { connection, virsh }: LibvirtHost): Promise<void> {
  await within(undoOf(uuid), async (until) => {
    await connection.settled(uuid, until);
    await virsh.undefine(uuid, until);
  });
}

/** A machine whose resumption fails stays suspended; one whose start fails is ended. */
async function stopAgain(
  uuid: string,
  { start, directory }: StartOrder,
  { connection, virsh }: LibvirtHost,
): Promise<void> {
  await within(undoOf(uuid), async (until) => {
    if (start !== 'resume') await connection.end(uuid, until);
    else if ((await connection.state(uuid, until)) === 'running') await virsh.suspendToDisk(uuid, until);
  });
  await removeSockets(directory);
}

async function removeFiles(directory: string): Promise<void> {
  const names = [FILES.uuid, FILES.domain, FILES.console];
  await Promise.all(names.map((name) => rm(join(directory, name), { force: true })));
}
