/** Whoever is killed at whichever step: nothing is lost, nothing is there twice, nothing is left over. `bench -- faults` has more. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { seededRandom } from '../bench/fuzz/mutate.ts';
import { OPEN_GRID_MS } from '../support/test-grid.ts';
import { countBoundaries, drawPoints, runPoint } from './matrix.ts';
import { stock } from './scenarios.ts';
import { Site } from './site.ts';

const POINTS = 200;
const SEED = 1;
const RUN_MS = 1_200_000;

let site: Site;
beforeAll(async () => {
  site = await Site.open('crash-matrix');
  await stock(site);
}, OPEN_GRID_MS);
afterAll(async () => expect((await site?.close()) ?? []).toEqual([]), 60_000);

test(
  `${POINTS} points of the crash matrix`,
  async () => {
    await site.addSurvivors();
    const boundaries = await countBoundaries(site);
    const results = [];
    for (const point of drawPoints(POINTS, boundaries, seededRandom(SEED))) results.push(await runPoint(site, point));
    expect(results.filter(({ problems }) => problems.length > 0)).toEqual([]);
    expect(results.filter(({ deaths }) => deaths.length > 0).length).toBeGreaterThan(POINTS / 2);
  },
  RUN_MS,
);
