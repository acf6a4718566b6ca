/** The leftovers of a machine that ended. */
import { readdir } from 'node:fs/promises';
import { processesOf } from '@vmgrid/test-support/hosts/processes.ts';
import type { StartOrder } from '../../packages/lines/src/production-line.ts';
import type { LineUnderTest } from './bench.ts';

export const NOTHING = { processes: [], channels: [], known: [] } as const;

/** Processes, sockets and pipes in its folder, and what a daemon of the host still knows of it. */
export async function leftOf(
  { known }: Pick<LineUnderTest, 'known'>,
  { vmId, directory }: StartOrder,
): Promise<unknown> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return {
    processes: await processesOf(directory),
    channels: entries.filter((entry) => entry.isSocket() || entry.isFIFO()).map(({ name }) => name),
    known: ((await known?.()) ?? []).filter((name) => name.endsWith(vmId)),
  };
}
