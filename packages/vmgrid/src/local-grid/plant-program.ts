/** Runs the plant's own program for work on a warehouse folder of this machine. */
import { type ErrorCode, GridError } from '@vmgrid/protocol';
import { execa } from 'execa';
import { createProgressDisplay } from '../output/progress-display.ts';
import { programCommand } from './daemons.ts';

/** Lines other than progress that are kept for an error message. */
const UNREAD_LINES = 20;

/**
 * Runs a command of `vmplant` and shows its progress; resolves with its result. @throws GridError of the program; with
 * the given code when the program ends without a result
 */
export async function runPlantProgram(
  args: readonly string[],
  options: { readonly json: boolean; readonly failure: ErrorCode },
): Promise<Record<string, unknown>> {
  const [file, ...program] = programCommand('vmplant');
  const child = execa(file!, [...program, ...args], { reject: false, stdin: 'ignore' });
  const display = createProgressDisplay(options.json);
  const unread: string[] = [];
  for await (const line of child.iterable({ from: 'stderr' })) {
    if (!showLine(display, line)) unread.push(line);
  }
  display.end();
  const { stdout } = await child;
  const result = stdout === '' ? { error: noResult(options.failure, unread) } : JSON.parse(stdout);
  if (result.error) throw GridError.fromBody(result.error);
  return result;
}

const noResult = (code: ErrorCode, unread: readonly string[]) => ({
  code,
  message: 'the program ended without a result',
  details: { output: unread.slice(-UNREAD_LINES).join('\n') },
});

/**
 * Shows a line of progress, which is JSON; returns whether it was one. A program that cannot start may print anything.
 */
function showLine(display: ReturnType<typeof createProgressDisplay>, line: string): boolean {
  if (!line.startsWith('{"phase":')) return false;
  display.show(JSON.parse(line));
  return true;
}
