import type { Bidder, PlantSuggestions, SuggestImagesReply, SuggestImagesRequest } from '@vmgrid/protocol';

/** Asks plants which images they would have wanted. Each remembers its own requests, so their answers are not merged. */
export async function suggestImages(
  bidders: readonly Bidder[],
  request: Pick<SuggestImagesRequest, 'top'>,
  deadlineMs: number,
): Promise<SuggestImagesReply> {
  const results = await Promise.allSettled(
    bidders.map((bidder) => bidder.call('suggestImages', request, { deadlineMs })),
  );
  const plants: PlantSuggestions[] = [];
  const silentPlants: string[] = [];
  for (const [index, result] of results.entries()) {
    if (result.status === 'fulfilled') plants.push(result.value);
    else silentPlants.push(bidders[index]!.plantId);
  }
  return { plants, silentPlants };
}
