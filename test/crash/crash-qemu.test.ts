/** The crash matrix on QEMU: machines that have memory, sockets and a mind of their own. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { seededRandom } from '../bench/fuzz/mutate.ts';
import { OPEN_GRID_MS } from '../support/test-grid.ts';
import { countBoundaries, drawPoints, runPoint } from './matrix.ts';
import { stock, VERBS_ON_QEMU } from './scenarios.ts';
import { Site } from './site.ts';

const POINTS = 20;
const SEED = 1;
const RUN_MS = 900_000;

let site: Site;
beforeAll(async () => {
  site = await Site.openOnQemu('crash-qemu');
  await stock(site);
}, OPEN_GRID_MS);
afterAll(async () => expect((await site?.close()) ?? []).toEqual([]), 60_000);

test(
  `${POINTS} points of the crash matrix on QEMU`,
  async () => {
    await site.addSurvivors();
    const boundaries = await countBoundaries(site, VERBS_ON_QEMU);
    const results = [];
    for (const point of drawPoints(POINTS, boundaries, seededRandom(SEED))) results.push(await runPoint(site, point));
    expect(results.filter(({ problems }) => problems.length > 0)).toEqual([]);
    expect(results.filter(({ deaths }) => deaths.length > 0).length).toBeGreaterThan(POINTS / 2);
  },
  RUN_MS,
);
