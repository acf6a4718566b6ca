import type { Plan } from '@vmgrid/bidding';
import type { GoldenImage } from '@vmgrid/warehouse';

/** A plan whose image lies in this plant's warehouse, so that the plant can carry it out. */
export interface ExecutablePlan extends Plan {
  readonly image: GoldenImage;
}
