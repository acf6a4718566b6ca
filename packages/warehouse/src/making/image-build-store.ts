import type { ImageInventory } from '../inventory/image-inventory.ts';
import type { ImageHolds } from '../references/image-holds.ts';
import type { ImageClaims } from './image-claims.ts';
import type { Staging } from './staging.ts';

/** The folders of a future image. */
export type StagingFolder = Pick<Staging, 'directory' | 'imageDirectory' | 'discard'>;

/** The part of the warehouse that making images needs. */
export interface ImageBuildStore extends ImageHolds {
  readonly inventory: Pick<ImageInventory, 'examine' | 'lineage'>;
  readonly claims: Pick<ImageClaims, 'awaitClaimed' | 'promote'> & {
    claim(imageId: string): Promise<StagingFolder | undefined>;
  };
}
