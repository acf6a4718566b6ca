import { runTool, type ToolOptions } from '@vmgrid/host';

/**
 * Copies a file of a golden image. Holes stay holes, and blocks are shared where the file system can. Nobody may write
 * to the image's file, but the caller to the copy.
 */
export async function copyFrozenFile(from: string, to: string, options: ToolOptions): Promise<void> {
  await runTool('cp', ['--reflink=auto', '--sparse=always', '--no-preserve=mode', from, to], options);
}
