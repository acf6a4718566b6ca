import type { ImageHolds } from '../image-holds.ts';
import type { Warehouse } from '../store.ts';
import type { Staging } from './staging.ts';

/** The folders of an image to be. */
export type StagingFolder = Pick<Staging, 'directory' | 'imageDirectory' | 'discard'>;

/** The warehouse as far as whoever makes images needs it. */
export interface ImageBuildStore extends ImageHolds, Pick<Warehouse, 'awaitClaimed' | 'lineage' | 'promote'> {
  claim(imageId: string): Promise<StagingFolder | undefined>;
}
