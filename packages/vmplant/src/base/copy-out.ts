import { runTool, type ToolOptions } from '@vmgrid/host';

/**
 * Copies a file of another user, so that the copy belongs to the caller. Holes stay holes; blocks are shared where the
 * file system can.
 */
export async function copyOut(
  from: string,
  to: string,
  options: Pick<ToolOptions, 'signal' | 'failure'>,
): Promise<void> {
  await runTool('cp', ['--reflink=auto', '--sparse=always', from, to], options);
}
