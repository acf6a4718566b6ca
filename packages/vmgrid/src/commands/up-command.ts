/** `vmgrid up`: a grid on this machine, in the foreground, ready for curl. */
import { findHome } from '@vmgrid/daemon';
import type { Command } from 'commander';
import { buildBaseImage } from '../base-image.ts';
import type { CommandContext } from '../context.ts';
import { probeLines } from '../doctor.ts';
import { startGrid } from '../grid.ts';
import { stopSignal } from '../stop-signal.ts';

export function addUpCommand(program: Command, context: CommandContext): void {
  program
    .command('up')
    .description('run a shop and plants on this machine until Ctrl-C; their VMs live on')
    .option('--plants <count>', 'number of plants', '1')
    .option('--brokers <count>', 'number of brokers between the shop and the plants', '0')
    .option('--http-port <port>', 'port of the HTTP door', '7780')
    .option('--xml-port <port>', 'port of the XML door', '7781')
    .option('--guest-network <kind>', 'isolated, or outbound: guests reach what this host reaches', 'isolated')
    .option('--log-level <level>', 'debug, info, warn or error', 'info')
    .option('--no-base', 'do not build a base image when there is none')
    .action(async (options: UpOptions) => {
      const { output, environment } = context();
      const home = findHome(environment);
      const stopped = stopSignal();
      if (options.base) {
        output.note('Base image debian-12: building it unless it is there (the first time takes about a minute)');
        await buildBaseImage({ os: 'debian-12', warehouse: home.warehouse }, output.json);
      }
      const lines = (await probeLines(home)).filter(({ available }) => available).map(({ line }) => line);
      const grid = await startGrid(
        {
          directory: home.grid,
          warehouse: home.warehouse,
          accessDirectory: home.access,
          plants: Number(options.plants),
          brokers: Number(options.brokers),
          httpPort: Number(options.httpPort),
          xmlPort: Number(options.xmlPort),
          guestNetwork: options.guestNetwork,
          logLevel: options.logLevel,
          ...(lines.length === 0 ? {} : { plantConfig: { lines } }),
        },
        stopped.signal,
      );
      const { shopUrl, tokenFile, xmlPort, brokerIds, plantIds } = grid;
      output.result(
        { ready: true, shop: shopUrl, xmlPort, tokenFile, brokers: brokerIds, plants: plantIds, lines },
        () =>
          [
            `The shop is open at ${shopUrl}, and for XML over TCP at port ${xmlPort}; below it: ${[...brokerIds, ...plantIds].join(', ')}; lines: ${lines.join(', ') || 'none works here, see `vmgrid doctor`'}.`,
            `Try: curl -H "Authorization: Bearer $(cat ${tokenFile})" -H 'Content-Type: application/xml' --data-binary @examples/2-a-workspace.xml ${shopUrl}/v1/vms`,
            'Ctrl-C stops the daemons; VMs live on until their lease ends and are adopted by the next `vmgrid up`.',
          ].join('\n'),
      );
      await Promise.race([stopped.promise, grid.broken]).finally(() => grid.stop());
    });
}

interface UpOptions {
  readonly plants: string;
  readonly brokers: string;
  readonly httpPort: string;
  readonly xmlPort: string;
  readonly guestNetwork: 'isolated' | 'outbound';
  readonly logLevel: string;
  readonly base: boolean;
}
