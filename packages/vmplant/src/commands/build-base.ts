import { hostname } from 'node:os';
import { GridError } from '@vmgrid/protocol';
import { type BaseProgress, baseImageId, buildBase } from '../base/build-base.ts';
import { type BaseOs, isBaseOs } from '../base/releases.ts';
import { Warehouse } from '../warehouse/store.ts';

export interface BuildBaseOrder {
  readonly os: string;
  readonly warehouse: string;
  readonly diskMiB: number;
}

/**
 * Puts a base image into a warehouse unless it is there. Progress goes to standard error, a line of JSON each; the result or
 * the error to standard output. Returns the exit status.
 */
export async function buildBaseCommand(order: BuildBaseOrder): Promise<number> {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort(new Error(name)));
  try {
    process.stdout.write(`${JSON.stringify(await buildInto(order, stop.signal))}\n`);
    return 0;
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ error: GridError.from(error).toBody() })}\n`);
    if (!(error instanceof GridError)) throw error;
    return 1;
  }
}

async function buildInto({ os, warehouse: folder, diskMiB }: BuildBaseOrder, signal: AbortSignal) {
  if (!isBaseOs(os)) throw new GridError('REQUEST_INVALID', `there is no recipe for a base image of ${os}`, { os });
  const warehouse = await Warehouse.open(folder);
  const imageId = await baseImageId(os);
  if ((await warehouse.images()).has(imageId)) return { imageId, built: false };
  const staging = await warehouse.stage();
  try {
    const base = await buildBase({
      os: os satisfies BaseOs,
      directory: staging.directory,
      diskMiB,
      onProgress: tell(),
      signal,
    });
    const { recipe: _, ...manifest } = base;
    await warehouse.promote(
      staging,
      {
        ...manifest,
        line: 'qemu',
        createdAt: new Date().toISOString(),
        createdBy: hostname(),
        base: base.id,
        history: [],
      },
      signal,
    );
    return { imageId: base.id, built: true };
  } finally {
    await staging.discard();
  }
}

/** A phase of the build is told when it starts, and as done when the next one does. */
function tell(): (progress: BaseProgress) => void {
  let current: string | undefined;
  return ({ phase }) => {
    if (phase === current) return;
    if (current !== undefined) print({ phase: current, state: 'done' });
    print({ phase, state: 'started' });
    current = phase;
  };
}

const print = (event: object) => process.stderr.write(`${JSON.stringify(event)}\n`);
