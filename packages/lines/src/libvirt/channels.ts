import type { Socket } from 'node:net';
import { join } from 'node:path';
import { UndoStack, whenClosed } from '@vmgrid/daemon';
import { connectUnix } from '@vmgrid/host';
import { GridError } from '@vmgrid/protocol';
import { ReportChannel } from '../guest/report-channel.ts';
import { ConsoleLog } from '../process/console-log.ts';
import { FILES, SOCKETS } from './layout.ts';

/** A plant's channels to a running domain. */
export interface Channels {
  readonly report: ReportChannel;
  readonly console: ConsoleLog | undefined;
  /**
   * Aborts when the other end of the report channel closes, that is, when the hypervisor's process ends, or when the
   * channel is closed here.
   */
  readonly ended: AbortSignal;
}

/** Connects to the channels of a machine's folder. A template may leave out the console. */
export async function openChannels(directory: string, hasConsole: boolean, signal: AbortSignal): Promise<Channels> {
  const undo = new UndoStack();
  const connect = async (name: string): Promise<Socket> => {
    const socket = await connectUnix(directory, name, signal);
    undo.push(name, () => void socket.destroy());
    return socket;
  };
  try {
    const socket = await connect(SOCKETS.report);
    const ended = new AbortController();
    whenClosed(socket, () => ended.abort(new GridError('GUEST_LOST', 'the machine ended')));
    const report = new ReportChannel(socket);
    const console = hasConsole
      ? new ConsoleLog(await connect(SOCKETS.console), join(directory, FILES.console))
      : undefined;
    if (console) console.onRestart = (how) => report.guestRestarted(how);
    return { report, console, ended: ended.signal };
  } catch (error) {
    await undo.unwind();
    throw error;
  }
}

/** Closes the channels of a domain, which keeps running. */
export function closeChannels({ report, console }: Channels): void {
  report.close();
  console?.close();
}
