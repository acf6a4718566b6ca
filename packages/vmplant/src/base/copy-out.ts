import { runTool, type ToolOptions } from '@vmgrid/host';

/**
 * Copies a file that another user made, to be the caller's own. Holes stay holes; blocks are shared where the file
 * system can.
 */
export async function copyOut(
  from: string,
  to: string,
  options: Pick<ToolOptions, 'signal' | 'failure'>,
): Promise<void> {
  await runTool('cp', ['--reflink=auto', '--sparse=always', from, to], options);
}
