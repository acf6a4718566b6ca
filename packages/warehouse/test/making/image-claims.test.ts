import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { Warehouse } from '../../src/warehouse.ts';
import { baseDraft } from '../made-up-images.ts';

const directory = useTemporaryFolder();
const signal = AbortSignal.timeout(120_000);

test('an image that is being made is not made again; when that came to nothing it is', async () => {
  const [one, other] = await Promise.all([Warehouse.open(directory()), Warehouse.open(directory())]);
  const [first, second] = await Promise.all([one.claims.claim('image'), other.claims.claim('image')]);
  const staging = first ?? second!;
  expect([first, second].filter((claim) => claim !== undefined)).toHaveLength(1);
  expect(await other.claims.claim('another')).toBeDefined();
  const waiting = other.claims.awaitClaimed('image', signal);
  await staging.discard();
  expect(await waiting).toBeUndefined();
  expect(await other.claims.claim('image')).toBeDefined();
});

test('who waits for an image that another makes gets it', async () => {
  const [one, other] = await Promise.all([Warehouse.open(directory()), Warehouse.open(directory())]);
  const staging = (await one.claims.claim('base'))!;
  const waiting = other.claims.awaitClaimed('base', signal);
  for (const file of ['vmlinuz', 'initrd.img', 'disk.raw']) await writeFile(join(staging.directory, file), file);
  await one.claims.promote(staging, baseDraft('base'));
  await staging.discard();
  expect((await waiting)!.manifest.id).toBe('base');
  expect(await one.claims.claim('base')).toBeUndefined();
});
