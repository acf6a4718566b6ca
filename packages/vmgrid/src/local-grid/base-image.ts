/** Builds base images on this machine, with the plant's own program. */
import { runPlantProgram } from './plant-program.ts';

export interface BuiltBaseImage {
  readonly imageId: string;
  /** False when the warehouse already had it. */
  readonly built: boolean;
}

/** Builds the base image of an operating system unless the warehouse has it. @throws GridError of the program */
export async function buildBaseImage(
  order: { readonly os: string; readonly warehouse: string; readonly diskMiB?: number },
  json: boolean,
): Promise<BuiltBaseImage> {
  const diskMiB = order.diskMiB === undefined ? [] : ['--disk-mib', String(order.diskMiB)];
  const args = ['build-base', '--os', order.os, '--warehouse', order.warehouse, ...diskMiB];
  const { imageId, built } = await runPlantProgram(args, { json, failure: 'BASE_BUILD_FAILED' });
  return { imageId: String(imageId), built: built === true };
}
