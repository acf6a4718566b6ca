/** Base images are built on this very machine, by the plant's own program. */
import { GridError } from '@vmgrid/protocol';
import { execa } from 'execa';
import { programCommand } from './daemons.ts';
import { createProgressDisplay } from './progress-display.ts';

export interface BuiltBaseImage {
  readonly imageId: string;
  /** False when the warehouse had it already. */
  readonly built: boolean;
}

/** Builds the base image of an operating system unless the warehouse has it. @throws GridError of the program. */
export async function buildBaseImage(
  order: { readonly os: string; readonly warehouse: string; readonly diskMiB?: number },
  json: boolean,
): Promise<BuiltBaseImage> {
  const [file, ...args] = programCommand('vmplant');
  const diskMiB = order.diskMiB === undefined ? [] : ['--disk-mib', String(order.diskMiB)];
  const child = execa(file!, [...args, 'build-base', '--os', order.os, '--warehouse', order.warehouse, ...diskMiB], {
    reject: false,
    stdin: 'ignore',
  });
  const display = createProgressDisplay(json);
  const unread: string[] = [];
  for await (const line of child.iterable({ from: 'stderr' })) {
    if (!showLine(display, line)) unread.push(line);
  }
  display.end();
  const { stdout } = await child;
  const result = JSON.parse(stdout || '{}');
  if (result.imageId !== undefined) return result;
  throw GridError.fromBody(
    result.error ?? {
      code: 'BASE_BUILD_FAILED',
      message: 'the program ended without a result',
      details: { output: unread.slice(-UNREAD_LINES).join('\n') },
    },
  );
}

/** Lines that were no progress, kept for an error message. */
const UNREAD_LINES = 20;

/** Progress comes as lines of JSON; returns whether this is one. A program that cannot start says what it likes. */
function showLine(display: ReturnType<typeof createProgressDisplay>, line: string): boolean {
  if (!line.startsWith('{"phase":')) return false;
  display.show(JSON.parse(line));
  return true;
}
