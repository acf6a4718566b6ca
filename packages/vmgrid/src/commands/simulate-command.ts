/** `vmgrid simulate`: runs a simulated grid, in a program of its own. */
import type { Command } from 'commander';
import { execa } from 'execa';
import type { CommandContext } from '../context.ts';
import { programCommand } from '../local-grid/daemons.ts';

type SimulateOptions = Readonly<Record<string, string | readonly string[]>>;

/** MiB for short-lived objects: with Node's default, a fifth of the time goes into moving messages in transit. */
const YOUNG_MIB = 64;

export function addSimulateCommand(program: Command, context: CommandContext): void {
  program
    .command('simulate')
    .description('run a simulated grid with faults and check its invariants; the same seed gives the same run')
    .option('--seed <text>', 'seed of all random decisions')
    .option('--runs <count>', 'several runs, each with a seed of its own')
    .option('--plants <count>', 'number of plants')
    .option('--shops <count>', 'number of shops')
    .option('--brokers <counts>', 'brokers at each level, from the top, such as 2,6')
    .option('--requests <count>', 'number of requests')
    .option('--seconds <count>', 'virtual time in which the requests come')
    .option('--faults <level>', 'none, some or many')
    .option('--offers <kind>', 'asked: plants are asked for each bid; standing: they publish what their bids depend on')
    .option('--deeds <count>', 'most actions on a VM before its end: suspend, resume, configure, renew')
    .option('--builds <count>', 'golden images built meanwhile')
    .option('--cost <expression...>', 'a preset or an expression; with --replay several')
    .option('--replay <file>', 'file of requests that plants have recorded, instead of generated ones')
    .option('--memory-mib <size>', 'with --replay: memory of each plant')
    .option('--keep <seconds>', 'with --replay: how long each VM is kept')
    .action(async (options: SimulateOptions) => {
      const json = context().output.json ? ['--json'] : [];
      const [file, ...args] = programCommand('simulation');
      const flags = [`--max-semi-space-size=${YOUNG_MIB}`];
      const given = [...flags, ...args, ...argumentsOf(options), ...json];
      const child = execa(file!, given, { stdio: 'inherit', reject: false });
      process.exitCode = (await child).exitCode ?? 1;
    });
}

function argumentsOf(options: SimulateOptions): string[] {
  return Object.entries(options).flatMap(([name, given]) =>
    [given].flat().flatMap((value) => `--${dashed(name)}=${value}`),
  );
}

/** Commander names options in camel case. */
const dashed = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
