import type { Bidder } from '@vmgrid/protocol';

/** The plants whose images are meant: those that a shop knows, or one plant alone. */
export interface Bidders {
  /**
   * Returns all plants, absent ones included. A call to an absent plant that may come back waits this long; any other
   * fails with the plant's name.
   */
  everyone(options?: { readonly waitMs?: number }): readonly Bidder[];
  /** Returns the absent plants that may come back any moment. */
  awaited(): readonly string[];
  /**
   * @throws GridError PLANT_LOST when the plant is not here and does not come back in time; the reason of the signal
   */
  find(plantId: string, options: { readonly waitMs: number; readonly signal?: AbortSignal }): Promise<Bidder>;
}
