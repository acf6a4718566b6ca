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
  for await (const line of child.iterable({ from: 'stderr' })) showLine(display, line);
  display.end();
  const { stdout } = await child;
  const result = JSON.parse(stdout || '{}');
  if (result.imageId !== undefined) return result;
  throw GridError.fromBody(
    result.error ?? { code: 'BASE_BUILD_FAILED', message: 'the program ended without a result' },
  );
}

/** Progress comes as lines of JSON; a log line of the program itself is no progress. */
function showLine(display: ReturnType<typeof createProgressDisplay>, line: string): void {
  const event = JSON.parse(line);
  if (typeof event.phase === 'string') display.show(event);
}
