import type { ImageInventory } from '../inventory/image-inventory.ts';
import type { References } from './references.ts';

/** The part of the warehouse that starting machines needs: taking and releasing holds on images. */
export interface ImageHolds {
  readonly inventory: Pick<ImageInventory, 'examine'>;
  readonly references: Pick<References, 'acquire' | 'drop' | 'releaseAllBut'>;
}
