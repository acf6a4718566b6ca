import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { claimGrid } from '../../src/local-grid/running-grid.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vmgrid-running-'));
});
afterEach(() => rm(folder, { recursive: true }));

const refusal = (message: string) => ({ code: 'STATE_LOCKED', message: expect.stringContaining(message) });

test('who comes second is told that a grid starts, and once it is open where its shop is', async () => {
  const claim = await claimGrid(folder);
  await expect(claimGrid(folder)).rejects.toMatchObject(refusal('a grid is starting'));
  await claim.openAt('http://127.0.0.1:7780');
  await expect(claimGrid(folder)).rejects.toMatchObject(
    refusal(`its shop is at http://127.0.0.1:7780, its \`vmgrid up\` is process ${process.pid}`),
  );
  claim.release();
});

test('a grid that ran before is not taken for the one that is starting', async () => {
  const before = await claimGrid(folder);
  await before.openAt('http://127.0.0.1:7780');
  before.release();
  const claim = await claimGrid(folder);
  await expect(claimGrid(folder)).rejects.toMatchObject(refusal('a grid is starting'));
  claim.release();
});
