import type { BidderMethods } from './bidder.ts';
import type { Bidder, CallOptions } from './link.ts';

/** What several bidders said to one question. */
export interface Gathered<T> {
  readonly answers: readonly { readonly plantId: string; readonly value: T }[];
  readonly silentPlants: string[];
}

/** Asks all at once; one that fails is silent. @throws what the signal of the options aborts with */
export async function askAll<M extends keyof BidderMethods>(
  bidders: readonly Bidder[],
  method: M,
  request: Parameters<BidderMethods[M]>[0],
  options: CallOptions,
): Promise<Gathered<ReturnType<BidderMethods[M]>>> {
  const results = await Promise.allSettled(bidders.map((bidder) => bidder.call(method, request, options)));
  options.signal?.throwIfAborted();
  const answers: { plantId: string; value: ReturnType<BidderMethods[M]> }[] = [];
  const silentPlants: string[] = [];
  for (const [index, result] of results.entries()) {
    const { plantId } = bidders[index]!;
    if (result.status === 'fulfilled') answers.push({ plantId, value: result.value });
    else silentPlants.push(plantId);
  }
  return { answers, silentPlants };
}
