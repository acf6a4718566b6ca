import { join } from 'node:path';
import { QgaClient } from '../../guest/qga-client.ts';
import { ReportChannel } from '../../guest/report-channel.ts';
import { connectUnix } from '../../host/unix-socket.ts';
import { ConsoleLog } from './console-log.ts';
import { FILES, SOCKETS } from './layout.ts';
import { QmpClient } from './qmp/qmp-client.ts';

/** All a plant holds of a running QEMU. */
export interface Channels {
  readonly monitor: QmpClient;
  readonly agent: QgaClient;
  readonly report: ReportChannel;
  readonly console: ConsoleLog;
}

/** Connects to a QEMU in `folder`, waiting for its sockets if it is just starting. */
export async function openChannels(folder: string, signal: AbortSignal): Promise<Channels> {
  // QEMU opens its sockets in one go before it answers on any.
  const monitor = await QmpClient.open(await connectUnix(folder, SOCKETS.monitor, signal), { signal });
  try {
    const [agent, report, console] = await Promise.all([
      connectUnix(folder, SOCKETS.agent, signal),
      connectUnix(folder, SOCKETS.report, signal),
      connectUnix(folder, SOCKETS.console, signal),
    ]);
    return {
      monitor,
      agent: new QgaClient(agent),
      report: new ReportChannel(report),
      console: new ConsoleLog(console, join(folder, FILES.console)),
    };
  } catch (error) {
    monitor.close();
    throw error;
  }
}

/** Lets go of a QEMU, which runs on. */
export function closeChannels({ monitor, agent, report, console }: Channels): void {
  monitor.close();
  agent.close();
  report.close();
  console.close();
}
