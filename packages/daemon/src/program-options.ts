import { type ParseArgsConfig, parseArgs } from 'node:util';

/** The exit status after a wrong command line. */
export const WRONG_USE = 2;

/**
 * Returns the options that a program was started with. After printing `usage` it ends the process: with `--help`, or
 * with exit status 2 and the fault when the options do not match `config`.
 */
export function programOptions<T extends ParseArgsConfig>(usage: string, config: T): ReturnType<typeof parseArgs<T>> {
  if (process.argv.includes('--help')) {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  try {
    return parseArgs(config);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${usage}\n`);
    process.exit(WRONG_USE);
  }
}
