import type { Socket } from 'node:net';
import { join } from 'node:path';
import { UndoStack } from '@vmgrid/daemon';
import { connectUnix } from '@vmgrid/host';
import { QgaClient } from '../guest/qga-client.ts';
import { ReportChannel } from '../guest/report-channel.ts';
import { AgentChannel, type AgentStart } from '../guest/resident/agent-channel.ts';
import { BoundedLog } from '../process/bounded-log.ts';
import { ConsoleLog } from '../process/console-log.ts';
import { runFolder } from '../process/run-folder.ts';
import type { Restart } from '../production-line.ts';
import { FILES, SOCKETS } from './layout.ts';
import { QmpClient } from './qmp/qmp-client.ts';

/** A plant's channels to a running QEMU. */
export interface Channels {
  readonly monitor: QmpClient;
  readonly agent: QgaClient;
  /** To the resident agent, which runs commands; in a guest without it the port on which commands print. */
  readonly runs: AgentChannel | ReportChannel;
  readonly console: ConsoleLog;
  readonly log: BoundedLog;
}

/** Connects to the QEMU of a machine's folder; waits for its sockets if it has just been started. */
export async function openChannels(
  directory: string,
  /** `none`: the guest has no resident agent. */
  resident: AgentStart | 'none',
  signal: AbortSignal,
): Promise<Channels> {
  const folder = runFolder(directory);
  // QEMU opens its sockets all at once before it answers on any of them.
  const monitor = await QmpClient.open(await connectUnix(folder, SOCKETS.monitor, signal), { signal });
  const undo = new UndoStack();
  undo.push('monitor', () => monitor.close());
  const connect = async (name: string): Promise<Socket> => {
    const socket = await connectUnix(folder, name, signal);
    undo.push(name, () => void socket.destroy());
    return socket;
  };
  try {
    const agent = new QgaClient(await connect(SOCKETS.agent));
    const runs =
      resident === 'none'
        ? new ReportChannel(await connect(SOCKETS.report))
        : new AgentChannel(await connect(SOCKETS.resident), resident);
    const console = new ConsoleLog(await connect(SOCKETS.console), join(directory, FILES.console));
    let how: Restart = 'asked';
    console.onRestart = (told) => {
      how = told;
    };
    monitor.onEvent(({ event, data }) => {
      if (event !== 'RESET' || data.guest !== true) return;
      runs.guestRestarted(how);
      how = 'asked';
    });
    const log = new BoundedLog(join(directory, FILES.log));
    return { monitor, agent, runs, console, log };
  } catch (error) {
    await undo.unwind();
    throw error;
  }
}

/** Closes the channels of a QEMU, which keeps running. */
export function closeChannels({ monitor, agent, runs, console, log }: Channels): void {
  log.close();
  monitor.close();
  agent.close();
  runs.close();
  console.close();
}
