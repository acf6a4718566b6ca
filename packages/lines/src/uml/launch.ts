import { appendFile, type FileHandle, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import {
  abortable,
  type CommandRunner,
  identifyProcess,
  killProcessesOf,
  type ProcessIdentity,
  UndoStack,
  within,
} from '@vmgrid/daemon';
import type { MachineGroups } from '@vmgrid/host';
import { holdFifo, makeFifos } from '@vmgrid/host';
import { GridError, late } from '@vmgrid/protocol';
import type { HostUser } from '../process/host-user.ts';
import { runFolder } from '../process/run-folder.ts';
import { logTail, spawnVmm, startFault } from '../process/spawn-vmm.ts';
import type { StartOrder, StepObserver } from '../production-line.ts';
import { type Channels, closeChannels, openChannels } from './channels.ts';
import { commandLine } from './command-line.ts';
import { FILES, pipesOf } from './layout.ts';
import { removePipes } from './remove-pipes.ts';
import { UmlMachine } from './uml-machine.ts';

const KILL_DEADLINE_MS = 5_000;
/** Milliseconds until a kernel, or at the latest its first program, prints something; half a second on an idle host. */
const START_DEADLINE_MS = 60_000;

export interface Launch {
  readonly order: StartOrder;
  readonly binary: string;
  readonly initrd: string;
  readonly user: HostUser | undefined;
  readonly run: CommandRunner;
  readonly reached: StepObserver;
  readonly groups: MachineGroups;
}

/**
 * Starts a machine's kernel. On a busy host one UML was seen to abort at its start, and the next one to run: so a UML
 * that ends before it has printed anything is started once more. After a failure nothing of the machine is left but the
 * disk that it was given.
 */
export async function launch(options: Launch, signal: AbortSignal): Promise<UmlMachine> {
  try {
    return await launchOnce(options, signal);
  } catch (error) {
    if (!(error instanceof StillbornError)) throw error;
    await appendFile(join(options.order.directory, FILES.log), `${error.output}\n${AGAIN}\n`, { mode: 0o640 });
    return launchOnce(options, signal);
  }
}

/** Written to the log of the machine that runs. */
const AGAIN = 'vmgrid: that UML ended before its kernel ran; it was started once more';

/** A UML that ended before its kernel printed anything. It has done nothing yet, so nothing can happen twice. */
class StillbornError extends GridError {
  readonly output: string;

  constructor(output: string) {
    super(startFault(output), 'UML ended as it started', { output });
    this.output = output;
  }
}

async function launchOnce(options: Launch, signal: AbortSignal): Promise<UmlMachine> {
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
  const { order, user, run, reached, groups, initrd } = options;
  const { directory, purpose, guestNetwork } = order;
  await removePipes(directory); // of an earlier start, whose host went down
  await linkAnew(join(order.image.directory, order.image.manifest.disk), join(directory, FILES.parent));
  await linkAnew(initrd, join(directory, FILES.initrd));
  await makeFifos(pipesOf(directory), run, signal);
  reached('pipes');
  undo.push('group', () => groups.remove(directory));
  await groups.make(directory, order.machine);
  reached('group');
  undo.push('process', async () => void (await killProcessesOf(directory, KILL_DEADLINE_MS)));
  const process = await spawn(options);
  reached('process');
  const channels = await openFirst(directory, process);
  undo.push('channels', () => closeChannels(channels));
  reached('channels');
  await awaitKernel(channels, directory, signal);
  reached('kernel');
  signal.throwIfAborted();
  return new UmlMachine({ channels, run, groups }, { process, directory, purpose, guestNetwork, uid: user?.uid });
}

async function spawn({ order, binary, user, groups }: Launch): Promise<ProcessIdentity> {
  const { directory } = order;
  const log = join(directory, FILES.log);
  const pipes: FileHandle[] = [];
  try {
    for (const path of pipesOf(directory)) pipes.push(await holdFifo(path));
    const args = commandLine(order);
    const { pid } = await spawnVmm({
      ...{ program: binary, args, folder: runFolder(directory), log, user, inherit: pipes },
      entrance: groups.entrance(directory),
    });
    const process = identifyProcess(pid);
    if (process !== undefined) return process;
    throw new StillbornError(await logTail(log));
  } finally {
    await Promise.all(pipes.map((pipe) => pipe.close()));
  }
}

/** A UML that has ended by now holds no pipe. */
async function openFirst(directory: string, process: ProcessIdentity): Promise<Channels> {
  try {
    return openChannels(directory, process);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
    throw new StillbornError(await logTail(join(directory, FILES.log)));
  }
}

async function awaitKernel({ console, closed }: Channels, directory: string, signal: AbortSignal): Promise<void> {
  const ended = closed.then(async () => {
    throw new StillbornError(await logTail(join(directory, FILES.log)));
  });
  const mute = late('VMM_FAILED', "UML's kernel did not print a word");
  await within({ ms: START_DEADLINE_MS, signal, late: mute }, (until) =>
    abortable(Promise.race([console.spoken, ended]), until),
  );
}

async function linkAnew(target: string, path: string): Promise<void> {
  await rm(path, { force: true });
  await symlink(target, path);
}

async function removeFiles(directory: string): Promise<void> {
  await removePipes(directory);
  const names = [FILES.log, FILES.networkLog, FILES.console, FILES.parent, FILES.initrd];
  await Promise.all(names.map((name) => rm(join(directory, name), { force: true })));
}
