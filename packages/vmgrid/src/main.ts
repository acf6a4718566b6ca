/** The command line. Exit status: 0 done, 1 an error with a code, 2 a wrong command line. */
import { readFileSync } from 'node:fs';
import { outliveReaders, WRONG_USE } from '@vmgrid/daemon';
import { FileClient, GridError, ShopClient } from '@vmgrid/protocol';
import { Command, CommanderError, Option } from 'commander';
import { addAuctionCommands } from './commands/auction-commands.ts';
import { addAuditCommands } from './commands/audit-commands.ts';
import { addCertificateCommands } from './commands/certificate-commands.ts';
import { addDemoCommand } from './commands/demo-command.ts';
import { addDoctorCommand } from './commands/doctor-command.ts';
import { addExplainCommand } from './commands/explain-command.ts';
import { addFileCommands } from './commands/file-commands.ts';
import { addImageCommands } from './commands/image-commands.ts';
import { addPlantCommands } from './commands/plant-commands.ts';
import { addRequestCommands } from './commands/request-commands.ts';
import { addSimulateCommand } from './commands/simulate-command.ts';
import { addTokenCommands } from './commands/token-commands.ts';
import { addUpCommand } from './commands/up-command.ts';
import { addVmCommands } from './commands/vm-commands.ts';
import { DEFAULT_SHOP } from './context.ts';
import { tokenFor, trustCa } from './credentials.ts';
import { faultOfAddress } from './endpoint-address.ts';
import { createOutput } from './output/output.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

const program = new Command('vmgrid')
  .description('Describe a machine; hosts bid for it; the nearest suspended golden image is cloned and the rest runs.')
  .version(version)
  .option('--json', 'print exact JSON')
  .addOption(new Option('--shop <url>', 'address of the shop').env('VMGRID_SHOP').default(DEFAULT_SHOP))
  .addOption(new Option('--token-file <file>', 'file with the token to show').env('VMGRID_TOKEN_FILE'))
  .addOption(new Option('--ca-file <file>', 'CA that signed the certificates of the endpoints').env('VMGRID_CA_FILE'))
  .exitOverride();

interface GlobalOptions {
  readonly json?: boolean;
  readonly shop: string;
  readonly tokenFile?: string;
  readonly caFile?: string;
}

const context = () => {
  const { json = false, shop, tokenFile, caFile } = program.opts<GlobalOptions>();
  if (caFile !== undefined) trustCa(caFile);
  const connect = (url: string) => {
    const fault = faultOfAddress(url);
    if (fault !== undefined) program.error(`error: ${fault}`, { code: 'commander.invalidArgument' });
    const token = tokenFor(url, { tokenFile, environment: process.env });
    return token === undefined ? {} : { token };
  };
  return {
    output: createOutput(json),
    environment: process.env,
    connect,
    get client() {
      return new ShopClient(shop, connect(shop));
    },
    get files() {
      return new FileClient(shop, connect(shop));
    },
  };
};

addVmCommands(program, context);
addExplainCommand(program, context);
addAuctionCommands(program, context);
addPlantCommands(program, context);
addImageCommands(program, context);
addUpCommand(program, context);
addDoctorCommand(program, context);
addDemoCommand(program, context);
addRequestCommands(program, context);
addFileCommands(program, context);
addSimulateCommand(program, context);
addTokenCommands(program, context);
addCertificateCommands(program, context);
addAuditCommands(program, context);

program.addHelpText('beforeAll', ({ command }) => refuseUnknown(command));

leaveOutEmptyVariables();
outliveReaders(reportError);
try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitStatus(error) || process.exitCode;
}

/** A variable that is empty counts as not set, as everywhere else. */
function leaveOutEmptyVariables(): void {
  for (const { envVar } of program.options) {
    if (envVar !== undefined && process.env[envVar] === '') delete process.env[envVar];
  }
}

/** Commander shows the help of a group for a command that the group does not have. */
function refuseUnknown(group: Command): string {
  const name = group.args.find((word) => !word.startsWith('-') && word !== 'help');
  if (name !== undefined && group.commands.length > 0 && !group.commands.some((one) => one.name() === name)) {
    group.error(`error: unknown command '${name}'`, { code: 'commander.unknownCommand' });
  }
  return '';
}

function exitStatus(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : WRONG_USE;
  if (!(error instanceof GridError) && GridError.from(error).code === 'INTERNAL') console.error(error);
  reportError(error);
  return 1;
}

function reportError(error: unknown): void {
  createOutput(program.opts<GlobalOptions>().json ?? false).error(GridError.from(error).toBody());
}
