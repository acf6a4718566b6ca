import type { References } from './references.ts';
import type { Warehouse } from './store.ts';

/** The part of the warehouse that starting machines needs: taking and releasing holds on images. */
export interface ImageHolds extends Pick<Warehouse, 'acquire' | 'examine' | 'releaseAllBut'> {
  readonly references: Pick<References, 'drop'>;
}
