import { GridError } from '@vmgrid/protocol';
import type { Output } from './output/output.ts';

/**
 * Does the same to each of what a command names: one that fails keeps none of the others. Each failure is told with its
 * name, and the command's exit status is 1 then.
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
