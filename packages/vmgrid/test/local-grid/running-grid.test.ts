import { expect, test } from '@jest/globals';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { claimGrid } from '../../src/local-grid/running-grid.ts';

const folder = useTemporaryFolder();

const refusal = (message: string) => ({ code: 'STATE_LOCKED', message: expect.stringContaining(message) });

test('who comes second is told that a grid starts, and once it is open where its shop is', async () => {
  const claim = await claimGrid(folder());
  await expect(claimGrid(folder())).rejects.toMatchObject(refusal('a grid is starting'));
  await claim.openAt('http://127.0.0.1:7780');
  await expect(claimGrid(folder())).rejects.toMatchObject(
    refusal(`its shop is at http://127.0.0.1:7780, its \`vmgrid up\` is process ${process.pid}`),
  );
  claim.release();
});

test('a grid that ran before is not taken for the one that is starting', async () => {
  const before = await claimGrid(folder());
  await before.openAt('http://127.0.0.1:7780');
  before.release();
  const claim = await claimGrid(folder());
  await expect(claimGrid(folder())).rejects.toMatchObject(refusal('a grid is starting'));
  claim.release();
});
