import { hostname } from 'node:os';
import { GridError } from '@vmgrid/protocol';
import { type BaseProgress, baseImageId, buildBase } from '../base/build-base.ts';
import { type BaseOs, isBaseOs } from '../base/releases.ts';
import { Warehouse } from '../warehouse/store.ts';
import { reportOutcome, tell } from './report-outcome.ts';

export interface BuildBaseOrder {
  readonly os: string;
  readonly warehouse: string;
  readonly diskMiB: number;
}

/** Puts a base image into a warehouse unless it is there. Returns the exit status. */
export const buildBaseCommand = (order: BuildBaseOrder): Promise<number> =>
  reportOutcome((signal) => buildInto(order, signal));

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
      onProgress: tellPhases(),
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
function tellPhases(): (progress: BaseProgress) => void {
  let current: string | undefined;
  return ({ phase }) => {
    if (phase === current) return;
    if (current !== undefined) tell({ phase: current, state: 'done' });
    tell({ phase, state: 'started' });
    current = phase;
  };
}
