import { hostname } from 'node:os';
import { type ManifestDraft, Warehouse } from '@vmgrid/warehouse';

export interface BaseSource {
  imageId(): Promise<string>;
  /** Puts the files of the image into a folder, and describes it. */
  build(directory: string): Promise<Omit<ManifestDraft, 'createdAt' | 'createdBy'>>;
}

/** Puts a base image into a warehouse unless it is there. */
export async function addBase(folder: string, source: BaseSource, signal: AbortSignal) {
  const warehouse = await Warehouse.open(folder);
  const imageId = await source.imageId();
  if ((await warehouse.inventory.images()).has(imageId)) return { imageId, built: false };
  const staging = await warehouse.claims.stage();
  try {
    const base = await source.build(staging.directory);
    const made = { createdAt: new Date().toISOString(), createdBy: hostname() };
    await warehouse.claims.promote(staging, { ...base, ...made }, signal);
    return { imageId, built: true };
  } finally {
    await staging.discard();
  }
}
