import type { ImageHolds } from '../image-holds.ts';
import type { Warehouse } from '../store.ts';
import type { Staging } from './staging.ts';

/** The folders of a future image. */
export type StagingFolder = Pick<Staging, 'directory' | 'imageDirectory' | 'discard'>;

/** The part of the warehouse that making images needs. */
export interface ImageBuildStore extends ImageHolds, Pick<Warehouse, 'awaitClaimed' | 'lineage' | 'promote'> {
  claim(imageId: string): Promise<StagingFolder | undefined>;
}
