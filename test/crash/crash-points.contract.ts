/**
 * Whichever process is killed at whichever step, nothing is lost, made twice or left over. A line's own test calls it.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { OPEN_GRID_MS } from '@vmgrid/test-support/grids/test-grid.ts';
import { seededRandom } from '../bench/fuzz/mutate.ts';
import { countBoundaries, drawPoints, runPoint } from './matrix.ts';
import { stock, type Verb } from './scenarios.ts';
import type { Site } from './site.ts';

const SEED = 1;
const POINT_MS = 45_000;

export interface CrashPoints {
  readonly points: number;
  readonly verbs: readonly Verb[];
  open(): Promise<Site>;
}

export function crashPoints({ points, verbs, open }: CrashPoints): void {
  let site: Site;
  beforeAll(async () => {
    site = await open();
    await stock(site);
  }, OPEN_GRID_MS);
  afterAll(async () => expect((await site?.close()) ?? []).toEqual([]), 60_000);

  test(
    `${points} points of the crash matrix`,
    async () => {
      await site.addSurvivors();
      const boundaries = await countBoundaries(site, verbs);
      const results = [];
      for (const point of drawPoints(points, boundaries, seededRandom(SEED))) results.push(await runPoint(site, point));
      expect(results.filter(({ problems }) => problems.length > 0)).toEqual([]);
      expect(results.filter(({ deaths }) => deaths.length > 0).length).toBeGreaterThan(points / 2);
    },
    points * POINT_MS,
  );
}
