import { constants, type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  abortable,
  type CommandRunner,
  identifyProcess,
  type ProcessIdentity,
  signalProcess,
  UndoStack,
  waitUntilGone,
  within,
} from '@vmgrid/daemon';
import type { MachineGroups } from '@vmgrid/host';
import { removeSockets } from '@vmgrid/host';
import type { CompatibilityRecord } from '@vmgrid/protocol';
import { GridError, late } from '@vmgrid/protocol';
import { copyFrozenFile } from '../disks/copy-frozen-file.ts';
import { parentOf } from '../disks/overlay-disk.ts';
import type { HostUser } from '../process/host-user.ts';
import { runFolder } from '../process/run-folder.ts';
import { FIRST_DESCRIPTOR, logTail, spawnVmm, startFault } from '../process/spawn-vmm.ts';
import type { StartOrder, StepObserver } from '../production-line.ts';
import { type Channels, closeChannels, openChannels } from './channels.ts';
import { commandLine, DEVICES, goldenMemory, hasResidentAgent } from './command-line.ts';
import { changeDisc } from './disc-drive.ts';
import { FILES } from './layout.ts';
import type { QemuState } from './machine-state.ts';
import { setLink } from './network.ts';
import { QemuMachine } from './qemu-machine.ts';
import type { QmpClient } from './qmp/qmp-client.ts';
import { loadState } from './restore.ts';
import { forgetSuspended, openSuspended } from './suspension.ts';

/** Milliseconds for QEMU to set up its machine and answer on its monitor; one second is long on an idle host. */
const START_DEADLINE_MS = 30_000;
const KILL_DEADLINE_MS = 5_000;
const WAKE_DEADLINE_MS = 30_000;
/** The descriptor under which QEMU inherits the suspended state. */
const STATE_DESCRIPTOR = FIRST_DESCRIPTOR;

/** What its resident agent is doing when a machine starts. A resumed one may have been stopped at any point. */
const AGENT_AT = { boot: 'boots', restore: 'waits', resume: 'unknown' } as const;

export interface Launch {
  readonly order: StartOrder;
  readonly binary: string;
  readonly compatibility: CompatibilityRecord;
  readonly user: HostUser | undefined;
  readonly readonlyMapping: boolean;
  readonly run: CommandRunner;
  readonly reached: StepObserver;
  readonly groups: MachineGroups;
}

/**
 * Starts a machine until its processors run. After a failure nothing of it is left but the overlay that it was given.
 */
export async function launch(options: Launch, signal: AbortSignal): Promise<QemuMachine> {
  const folder = runFolder(options.order.directory);
  const undo = new UndoStack();
  undo.push('files', () => removeFiles(options.order.directory));
  undo.push('sockets', () => removeSockets(folder));
  try {
    return await launchWith(options, undo, signal);
  } catch (error) {
    const output = await logTail(join(options.order.directory, FILES.log));
    await undo.unwind();
    if (signal.aborted || !(error instanceof GridError) || error.code !== 'VMM_FAILED') throw error;
    throw new GridError(startFault(output), error.message, { ...error.details, output }, { cause: error });
  }
}

async function removeFiles(directory: string): Promise<void> {
  const paths = [
    ...[FILES.log, FILES.console].map((name) => join(directory, name)),
    join(runFolder(directory), FILES.memory),
  ];
  await Promise.all(paths.map((path) => rm(path, { force: true })));
}

async function launchWith(options: Launch, undo: UndoStack, signal: AbortSignal): Promise<QemuMachine> {
  const { order, run, reached, groups } = options;
  if (order.start === 'boot') await forgetSuspended(order.directory); // of a VM that was lost as it slept
  if (order.purpose === 'build') await makeMemory(options, signal);
  reached('memory');
  undo.push('group', () => groups.remove(order.directory));
  await groups.make(order.directory, order.machine);
  reached('group');
  const spawned = await spawn(options);
  const { process } = spawned;
  undo.push('process', async () => {
    signalProcess(process, 'SIGKILL');
    await waitUntilGone(process, KILL_DEADLINE_MS);
  });
  reached('process');
  const channels = await connect(spawned, options, signal);
  undo.push('channels', () => closeChannels(channels));
  reached('channels');
  await bringUp(options, channels, signal);
  return new QemuMachine({ channels, run, groups }, stateOf(options, process));
}

function stateOf({ order, user, compatibility }: Launch, process: ProcessIdentity): QemuState {
  const { directory, purpose, guestNetwork } = order;
  return {
    ...{ process, directory, purpose, guestNetwork, compatibility },
    ...{ uid: user?.uid, ...parentOf(order) },
  };
}

/** A build writes to a memory file of its own: empty for a boot, else a copy of the image's that keeps its holes. */
async function makeMemory({ order, user, run }: Launch, signal: AbortSignal): Promise<void> {
  const path = join(runFolder(order.directory), FILES.memory);
  const memory = order.start === 'restore' ? order.image.manifest.memory : undefined;
  if (memory !== undefined) {
    const failure = { code: 'VMM_FAILED', message: 'the memory of the image could not be copied' } as const;
    await copyFrozenFile(join(order.image.directory, memory.memory), path, { run, signal, failure });
  }
  const made = memory === undefined ? constants.O_CREAT | constants.O_EXCL : constants.O_NOFOLLOW;
  const file = await open(path, constants.O_RDWR | made, 0o600);
  try {
    await file.chmod(0o600);
    if (user !== undefined) await file.chown(user.uid, user.gid);
  } finally {
    await file.close();
  }
}

interface Spawned {
  readonly process: ProcessIdentity;
  /** Aborts when QEMU ends: it ends at once when it refuses an argument. */
  readonly ended: AbortSignal;
}

async function spawn({ order, binary, compatibility, user, readonlyMapping, groups }: Launch): Promise<Spawned> {
  const args = commandLine(order, compatibility, { readonlyMapping });
  const state = await openState(order);
  try {
    const vmm = await spawnVmm({
      ...{ program: binary, args, user },
      folder: runFolder(order.directory),
      log: join(order.directory, FILES.log),
      inherit: state ? [state] : [],
      readOnly: readonlyMapping ? undefined : goldenMemory(order),
      entrance: groups.entrance(order.directory),
    });
    const ended = new AbortController();
    void vmm.ended.then(() => ended.abort(new GridError('VMM_FAILED', 'QEMU ended at once')));
    const process = identifyProcess(vmm.pid);
    if (process === undefined) throw new GridError('VMM_FAILED', 'QEMU ended at once');
    return { process, ended: ended.signal };
  } finally {
    await state?.close();
  }
}

async function openState({ start, image, directory }: StartOrder): Promise<FileHandle | undefined> {
  if (start === 'boot') return undefined;
  if (start === 'resume') return openSuspended(directory);
  const { memory, id } = image.manifest;
  if (memory === undefined) throw new Error(`image ${id} is not suspended and can only be booted`);
  return open(join(image.directory, memory.state), 'r');
}

/** Waits for the sockets, but only while the process lives. */
function connect(
  { ended }: Spawned,
  { order: { directory, start }, compatibility }: Launch,
  signal: AbortSignal,
): Promise<Channels> {
  const resident = hasResidentAgent(compatibility) ? AGENT_AT[start] : 'none';
  const limit = { ms: START_DEADLINE_MS, signal: AbortSignal.any([signal, ended]) };
  return within({ ...limit, late: late('VMM_FAILED', 'QEMU did not answer on its monitor') }, (until) =>
    abortable(openChannels(directory, resident, until), until),
  );
}

async function bringUp(
  { order, user, compatibility, reached }: Launch,
  { monitor }: Channels,
  signal: AbortSignal,
): Promise<void> {
  switch (order.start) {
    case 'boot':
      if (!hasResidentAgent(compatibility)) await setLink(monitor, false, signal);
      if (order.disc !== undefined) await changeDisc(monitor, { path: order.disc, uid: user?.uid }, signal);
      break;
    case 'restore':
      await loadState(monitor, { descriptor: STATE_DESCRIPTOR, memory: 'file' }, signal);
      break;
    case 'resume':
      await loadState(monitor, { descriptor: STATE_DESCRIPTOR, memory: 'stream' }, signal);
  }
  reached('state');
  signal.throwIfAborted();
  if (order.start === 'resume') return wake(monitor, order.directory);
  await monitor.execute('cont', {}, { signal });
  reached('running');
  const { diskMiB } = order.machine;
  if (order.start === 'restore' && diskMiB > order.image.manifest.machine.diskMiB) {
    await monitor.execute('block_resize', { 'node-name': DEVICES.disk, size: diskMiB * 1_048_576 }, { signal });
  }
  reached('disk');
}

/**
 * From here on nothing can be undone, whoever aborts: a saved state must never be resumed beside a disk that has
 * changed.
 */
async function wake(monitor: QmpClient, directory: string): Promise<void> {
  await forgetSuspended(directory);
  await monitor.execute('cont', {}, { timeoutMs: WAKE_DEADLINE_MS });
}
