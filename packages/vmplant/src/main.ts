/** The plant's program. */
import { readFileSync } from 'node:fs';
import { CONFIG_OPTIONS, configSource, createLog, outliveReaders, programOptions, WRONG_USE } from '@vmgrid/daemon';
import { refusalToRun } from '@vmgrid/protocol';
import { exportCommand, importCommand } from './commands/archive.ts';
import { buildBaseCommand } from './commands/build-base.ts';
import { importCloudCommand } from './commands/import-cloud.ts';
import { probeCommand } from './commands/probe.ts';
import { runCommand } from './commands/run.ts';

const USAGE = `vmplant --config FILE                                       runs a plant until it is told to stop
vmplant build-base --os NAME --warehouse FOLDER [--disk-mib N]   builds a base image; progress on standard error
vmplant import-cloud --file FILE --os NAME --warehouse FOLDER [--memory-mib N]   takes in a cloud's disk image
vmplant export --warehouse FOLDER --image ID --file FILE          writes an image, and all below it, to an archive
vmplant import --warehouse FOLDER --file FILE --state FOLDER      puts the images of an archive into a warehouse
        [--keep-memory] [--quota-mib N]
vmplant probe --state FOLDER [--warehouse FOLDER]           what each production line can do on this host`;

const { values, positionals } = programOptions(USAGE, {
  allowPositionals: true,
  options: {
    ...CONFIG_OPTIONS,
    os: { type: 'string', default: 'debian-12' },
    warehouse: { type: 'string', default: '' },
    'memory-mib': { type: 'string', default: '256' },
    'disk-mib': { type: 'string' },
    state: { type: 'string', default: '' },
    image: { type: 'string', default: '' },
    file: { type: 'string', default: '' },
    'keep-memory': { type: 'boolean', default: false },
    'quota-mib': { type: 'string' },
  },
});
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

outliveReaders(() => undefined);
// Files and folders get the modes that they need whoever starts this. Exports are as private as the operator's umask
// says.
if (positionals[0] !== 'export') process.umask(0o022);
process.exitCode = await main();
// Ends the process together with anything that a slow peer still holds open.
process.exit();

async function main(): Promise<number> {
  try {
    switch (positionals[0]) {
      case undefined:
        return await runCommand(configSource(values), version);
      case 'build-base':
        return await buildBaseCommand({
          ...values,
          diskMiB: values['disk-mib'] === undefined ? undefined : Number(values['disk-mib']),
        });
      case 'import-cloud':
        return await importCloudCommand({ ...values, memoryMiB: Number(values['memory-mib']) });
      case 'export':
        return await exportCommand(values);
      case 'import':
        return await importCommand({
          ...values,
          keepMemory: values['keep-memory'],
          quotaMiB: values['quota-mib'] === undefined ? undefined : Number(values['quota-mib']),
        });
      case 'probe':
        return await probeCommand(values);
      default:
        process.stderr.write(`vmplant has no command ${positionals[0]}\n\n${USAGE}\n`);
        return WRONG_USE;
    }
  } catch (error) {
    const { line, entry } = refusalToRun(error);
    process.stdout.write(line);
    createLog('vmplant', 'error').error(entry, 'vmplant could not run');
    return 1;
  }
}
