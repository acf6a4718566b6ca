import { type ParseArgsConfig, parseArgs } from 'node:util';

/** Exit status of a wrong command line. */
export const WRONG_USE = 2;

/**
 * What a program was started with. Ends the process after `usage` was printed: with `--help`, or with exit status 2 and
 * what is wrong when the options are none of `config`.
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
