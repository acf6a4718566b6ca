import type { References } from './references.ts';
import type { Warehouse } from './store.ts';

/** The warehouse as far as whoever starts machines from images needs it: holds on them, taken and given back. */
export interface ImageHolds extends Pick<Warehouse, 'acquire' | 'examine' | 'releaseAllBut'> {
  readonly references: Pick<References, 'drop'>;
}
