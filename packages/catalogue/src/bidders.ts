import type { Bidder } from '@vmgrid/protocol';

/** Whose images they are: the plants that a shop knows, or a plant alone. */
export interface Bidders {
  /** All, also the plants that are absent: one that may come back is waited for so long, else it fails by its name. */
  everyone(options?: { readonly waitMs?: number }): readonly Bidder[];
  /** Those that are absent and may come back any moment. */
  awaited(): readonly string[];
  /** @throws GridError PLANT_LOST when it is not here and does not come back in time; what the signal aborts with */
  find(plantId: string, options: { readonly waitMs: number; readonly signal?: AbortSignal }): Promise<Bidder>;
}
