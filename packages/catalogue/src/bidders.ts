import type { Bidder } from '@vmgrid/protocol';

/** Whose images they are: the plants connected to a shop, or a plant alone. */
export interface Bidders {
  bidders(): readonly Bidder[];
  find(plantId: string): Bidder | undefined;
}
