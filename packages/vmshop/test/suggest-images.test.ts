import { expect, test } from '@jest/globals';
import { type Bidder, GridError, type PlantSuggestions } from '@vmgrid/protocol';
import { suggestImages } from '../src/suggest-images.ts';

const answerOf = (plantId: string): PlantSuggestions => ({
  ...{ plantId, requests: 0, suggestions: [] },
  before: { hits: 0, meanSeconds: 0 },
  after: { hits: 0, meanSeconds: 0 },
});

/** A plant that notes what it is asked; a silent one does not answer. */
function plant(plantId: string, asked: unknown[] = [], silent = false): Bidder {
  const call = async (method: string, request: unknown) => {
    asked.push([method, request]);
    if (silent) throw new GridError('DEADLINE_EXCEEDED', `${plantId} is silent`);
    return answerOf(plantId);
  };
  return { plantId, hello: { plantId, version: '', ad: {} }, call: call as Bidder['call'] };
}

test('each plant answers for itself, and silent ones are named', async () => {
  const asked: unknown[] = [];
  const plants = [plant('plant-1', asked), plant('plant-2', asked, true), plant('plant-3', asked)];
  expect(await suggestImages(plants, { top: 3 }, 1_000)).toEqual({
    plants: [answerOf('plant-1'), answerOf('plant-3')],
    silentPlants: ['plant-2'],
  });
  expect(asked).toEqual(plants.map(() => ['suggestImages', { top: 3 }]));
});

test('without plants there is nothing to suggest', async () => {
  expect(await suggestImages([], {}, 1_000)).toEqual({ plants: [], silentPlants: [] });
});
