/** `vmgrid up`: runs a grid on this machine, in the foreground, ready for curl. */
import { findHome } from '@vmgrid/daemon';
import { type Command, Option } from 'commander';
import type { CommandContext } from '../context.ts';
import { probeLines } from '../doctor/doctor.ts';
import { buildBaseImage } from '../local-grid/base-image.ts';
import { type Grid, startGrid } from '../local-grid/grid.ts';
import { claimGrid } from '../local-grid/running-grid.ts';
import { stopSignal } from '../stop-signal.ts';
import { wholeNumber } from '../whole-number.ts';

const port = wholeNumber(0, 65_535);

export function addUpCommand(program: Command, context: CommandContext): void {
  program
    .command('up')
    .description('run a shop and plants on this machine until Ctrl-C; their VMs live on')
    .option('--plants <count>', 'number of plants', wholeNumber(0, 64), 1)
    .option('--brokers <count>', 'number of brokers between the shop and the plants', wholeNumber(0, 64), 0)
    .option('--http-port <port>', 'port of the HTTP endpoint', port, 7780)
    .option('--xml-port <port>', 'port of the XML endpoint', port, 7781)
    .addOption(
      new Option('--guest-network <kind>', 'outbound: guests reach what this host reaches')
        .choices(['isolated', 'outbound'])
        .default('isolated'),
    )
    .addOption(
      new Option('--log-level <level>', 'of all daemons').choices(['debug', 'info', 'warn', 'error']).default('info'),
    )
    .option('--no-base', 'do not build a base image when there is none')
    .action(async (options: UpOptions, command: Command) => {
      const asked = new Set(Object.keys(options).filter((name) => command.getOptionValueSource(name) === 'cli'));
      await runGrid(options, asked, context());
    });
}

interface UpOptions {
  readonly plants: number;
  readonly brokers: number;
  readonly httpPort: number;
  readonly xmlPort: number;
  readonly guestNetwork: 'isolated' | 'outbound';
  readonly logLevel: string;
  readonly base: boolean;
}

type Context = ReturnType<CommandContext>;

async function runGrid({ base, ...options }: UpOptions, asked: ReadonlySet<string>, { output, environment }: Context) {
  const home = findHome(environment);
  const stopped = stopSignal();
  const claim = await claimGrid(home.grid);
  if (base) {
    output.note('Base image debian-12: building it unless it is there (the first time takes about a minute)');
    await buildBaseImage({ os: 'debian-12', warehouse: home.warehouse }, output.json);
  }
  const able = (await probeLines(home)).filter(({ available }) => available).map(({ line }) => line);
  const places = { directory: home.grid, warehouse: home.warehouse, accessDirectory: home.access };
  const plantConfig = able.length === 0 ? {} : { lines: able };
  const grid = await startGrid({ ...places, ...options, asked, plantConfig }, stopped.signal);
  await claim.openAt(grid.shopUrl);
  const { shopUrl: shop, tokenFile, xmlPort, brokerIds: brokers, plantIds: plants } = grid;
  // An operator's file may leave some out.
  const lines = able.filter((line) => grid.lines.has(line));
  output.result({ ready: true, shop, xmlPort, tokenFile, brokers, plants, lines }, () => gridText(grid, lines));
  await Promise.race([stopped.promise, grid.broken]).finally(() => grid.stop());
  claim.release();
}

function gridText({ shopUrl, tokenFile, xmlPort, brokerIds, plantIds }: Grid, lines: readonly string[]): string {
  const below = [...brokerIds, ...plantIds].join(', ');
  const withLines = lines.join(', ') || 'none works here, see `vmgrid doctor`';
  return [
    `The shop is open at ${shopUrl}, and for XML over TCP at port ${xmlPort}; below it: ${below}; lines: ${withLines}.`,
    `Try: curl -H "Authorization: Bearer $(cat ${shellWord(tokenFile)})" -H 'Content-Type: application/xml' --data-binary @examples/2-a-workspace.xml ${shopUrl}/v1/vms`,
    'Ctrl-C stops the daemons; VMs live on until their lease ends and are adopted by the next `vmgrid up`.',
  ].join('\n');
}

/** Quotes a text so that a shell reads it as one word. */
const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
