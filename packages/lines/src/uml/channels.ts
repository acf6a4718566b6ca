import type { Socket } from 'node:net';
import { join } from 'node:path';
import { isAlive, type ProcessIdentity } from '@vmgrid/daemon';
import { readFifo, writeFifo } from '@vmgrid/host';
import { QgaClient } from '../guest/qga-client.ts';
import { ReportChannel } from '../guest/report-channel.ts';
import { BoundedLog } from '../process/bounded-log.ts';
import { ConsoleLog } from '../process/console-log.ts';
import { AGENT_IN_PIPE, AGENT_OUT_PIPE, CONSOLE_PIPE, FILES, REPORT_PIPE } from './layout.ts';

/** Milliseconds between checks: helpers of a killed UML outlive it and hold its pipes, so its end causes no event. */
const LOOK_FOR_LIFE_MS = 1_000;

/** A plant's channels to a running UML. */
export interface Channels {
  readonly agent: QgaClient;
  readonly report: ReportChannel;
  readonly console: ConsoleLog;
  readonly log: BoundedLog;
  /** Resolves when UML has closed its console, has ended, or the channels were closed here. */
  readonly closed: Promise<void>;
}

/** Opens the pipes of a machine's folder. Throws ENXIO when no UML holds them. */
export function openChannels(directory: string, process: ProcessIdentity): Channels {
  const opened: Socket[] = [];
  const keep = (socket: Socket): Socket => {
    opened.push(socket);
    return socket;
  };
  const pipe = (name: string): string => join(directory, name);
  try {
    const writer = keep(writeFifo(pipe(AGENT_IN_PIPE)));
    const agent = new QgaClient(keep(readFifo(pipe(AGENT_OUT_PIPE))), writer);
    const report = new ReportChannel(keep(readFifo(pipe(REPORT_PIPE))));
    const output = keep(readFifo(pipe(CONSOLE_PIPE)));
    const console = new ConsoleLog(output, pipe(FILES.console));
    const log = new BoundedLog(join(directory, FILES.log));
    return { agent, report, console, log, closed: endOf(output, process) };
  } catch (error) {
    for (const socket of opened) socket.destroy();
    throw error;
  }
}

function endOf(output: Socket, process: ProcessIdentity): Promise<void> {
  const look = setInterval(() => {
    if (!isAlive(process)) output.destroy();
  }, LOOK_FOR_LIFE_MS).unref();
  return new Promise((resolve) => {
    output.once('close', () => {
      clearInterval(look);
      resolve();
    });
  });
}

/** Closes the channels of a UML, which keeps running. */
export function closeChannels({ agent, report, console, log }: Channels): void {
  log.close();
  agent.close();
  report.close();
  console.close();
}
