import { GridError } from '@vmgrid/protocol';
import type { Output } from './output/output.ts';

/**
 * Does the work for each name that a command is given. A failure does not stop the others; it is reported with its
 * name, and the command's exit status is then 1.
 */
export async function forEach(
  names: readonly string[],
  output: Output,
  work: (name: string) => Promise<void>,
): Promise<void> {
  for (const name of names) {
    try {
      await work(name);
    } catch (thrown) {
      const error = GridError.from(thrown).toBody();
      const message = error.message.includes(name) ? error.message : `${name}: ${error.message}`;
      output.error({ ...error, message });
      process.exitCode = 1;
    }
  }
}
