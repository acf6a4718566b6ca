import { makeSimulatedBase, SIMULATED_OS, simulatedBaseId } from '@vmgrid/lines';
import { GridError } from '@vmgrid/protocol';
import type { ManifestDraft } from '@vmgrid/warehouse';
import { type BaseProgress, baseImageId, buildBase } from '../base/build-base.ts';
import { type BaseOs, isBaseOs, RELEASES } from '../base/releases.ts';
import { addBase } from './add-base.ts';
import { reportOutcome, tell } from './report-outcome.ts';

export interface BuildBaseOrder {
  readonly os: string;
  readonly warehouse: string;
  readonly diskMiB: number | undefined;
}

/** Puts a base image into a warehouse unless it is there. Returns the exit status. */
export const buildBaseCommand = (order: BuildBaseOrder): Promise<number> =>
  reportOutcome((signal) => buildInto(order, signal));

function buildInto({ os, warehouse, diskMiB }: BuildBaseOrder, signal: AbortSignal) {
  const { imageId, build } = recipeOf(os);
  return addBase(warehouse, { imageId, build: (directory) => build(directory, diskMiB, signal) }, signal);
}

/** The way in which the base image of one operating system is made. */
interface BaseRecipe {
  imageId(): Promise<string>;
  build(
    directory: string,
    diskMiB: number | undefined,
    signal: AbortSignal,
  ): Promise<Omit<ManifestDraft, 'createdAt' | 'createdBy'>>;
}

/** @throws GridError REQUEST_INVALID */
function recipeOf(os: string): BaseRecipe {
  if (os === SIMULATED_OS) return { imageId: async () => simulatedBaseId(), build: makeSimulatedBase };
  if (isBaseOs(os)) {
    return {
      imageId: () => baseImageId(os),
      build: (directory, diskMiB, signal) => buildDebian({ os, directory, diskMiB }, signal),
    };
  }
  const known = [...Object.keys(RELEASES), SIMULATED_OS];
  throw new GridError(
    'REQUEST_INVALID',
    `there is no recipe for a base image of ${os}; there are: ${known.join(', ')}`,
    {
      ...{ os, known },
    },
  );
}

interface DebianOrder {
  readonly os: BaseOs;
  readonly directory: string;
  readonly diskMiB: number | undefined;
}

async function buildDebian({ os, directory, diskMiB }: DebianOrder, signal: AbortSignal) {
  const size = diskMiB === undefined ? {} : { diskMiB };
  const { recipe: _, ...base } = await buildBase({ os, directory, ...size, onProgress: tellPhases(), signal });
  return { ...base, line: 'qemu' as const, base: base.id, history: [] } satisfies Partial<ManifestDraft>;
}

/** Reports a phase of the build when it starts, and as done when the next one starts. */
function tellPhases(): (progress: BaseProgress) => void {
  let current: string | undefined;
  return ({ phase }) => {
    if (phase === current) return;
    if (current !== undefined) tell({ phase: current, state: 'done' });
    tell({ phase, state: 'started' });
    current = phase;
  };
}
