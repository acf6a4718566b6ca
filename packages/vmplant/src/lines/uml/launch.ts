import { type FileHandle, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type CommandRunner, identifyProcess, killProcessesOf, type ProcessIdentity, UndoStack } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import { holdFifo, makeFifos } from '../../host/fifo.ts';
import type { HostUser } from '../host-user.ts';
import type { StartOrder, StepObserver } from '../production-line.ts';
import { runFolder } from '../run-folder.ts';
import { logTail, spawnVmm } from '../spawn-vmm.ts';
import { closeChannels, openChannels } from './channels.ts';
import { commandLine } from './command-line.ts';
import { FILES, pipesOf } from './layout.ts';
import { removePipes } from './remove-pipes.ts';
import { UmlMachine } from './uml-machine.ts';

const KILL_DEADLINE_MS = 5_000;

export interface Launch {
  readonly order: StartOrder;
  readonly binary: string;
  readonly initrd: string;
  readonly user: HostUser | undefined;
  readonly run: CommandRunner;
  readonly reached: StepObserver;
}

/** Starts a machine's kernel. On failure nothing of it is left but the disk it was given. */
export async function launch(options: Launch, signal: AbortSignal): Promise<UmlMachine> {
  const undo = new UndoStack();
  undo.push('files', () => removeFiles(options.order.directory));
  try {
    return await launchWith(options, undo, signal);
  } catch (error) {
    await undo.unwind();
    throw error;
  }
}

async function launchWith(options: Launch, undo: UndoStack, signal: AbortSignal): Promise<UmlMachine> {
  const { order, user, run, reached } = options;
  const { directory, purpose, guestNetwork } = order;
  await makeFifos(pipesOf(directory), run, signal);
  reached('pipes');
  undo.push('process', async () => void (await killProcessesOf(directory, KILL_DEADLINE_MS)));
  const process = await spawn(options);
  reached('process');
  const channels = openChannels(directory, process);
  undo.push('channels', () => closeChannels(channels));
  reached('channels');
  signal.throwIfAborted();
  return new UmlMachine({ channels, run }, { process, directory, purpose, guestNetwork, uid: user?.uid });
}

async function spawn({ order, binary, initrd, user }: Launch): Promise<ProcessIdentity> {
  const { directory } = order;
  const log = join(directory, FILES.log);
  const pipes: FileHandle[] = [];
  try {
    for (const path of pipesOf(directory)) pipes.push(await holdFifo(path));
    const args = commandLine(order, initrd);
    const child = await spawnVmm({ program: binary, args, folder: runFolder(directory), log, user, inherit: pipes });
    child.unref();
    const process = identifyProcess(child.pid ?? 0);
    if (process !== undefined) return process;
    throw new GridError('VMM_FAILED', 'UML ended at once', { output: await logTail(log) });
  } finally {
    await Promise.all(pipes.map((pipe) => pipe.close()));
  }
}

async function removeFiles(directory: string): Promise<void> {
  await removePipes(directory);
  const logs = [FILES.log, FILES.networkLog, FILES.console];
  await Promise.all(logs.map((name) => rm(join(directory, name), { force: true })));
}
