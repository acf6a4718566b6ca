/** A large file, put into a guest of QEMU to the last bit. */
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { FileAction } from '@vmgrid/dag';
import { FileClient } from '@vmgrid/protocol';
import { order, script } from '@vmgrid/test-support/grids/documents.ts';
import { OPEN_GRID_MS, TestGrid } from '@vmgrid/test-support/grids/test-grid.ts';

let grid: TestGrid;
beforeAll(async () => {
  grid = await TestGrid.open('files-qemu');
}, OPEN_GRID_MS);
afterAll(async () => expect((await grid?.close()) ?? []).toEqual([]), 60_000);

test('40 MiB of anything', async () => {
  const bytes = randomBytes(40 * 1_048_576 + 3);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const client = new FileClient(grid.shopUrl, { token: grid.token });
  const { contentDigest } = await client.put(Readable.from([bytes]));
  expect(contentDigest).toBe(`sha256:${sha256}`);
  const file: FileAction = { kind: 'file', id: 'large', path: '/root/large', mode: '0600', contentDigest };
  const sum = script('sum', 'echo "Sum = \\"$(sha256sum < /root/large)\\"" >> "$VMGRID_ATTRIBUTES"');
  const { vm } = await grid.client.create({ ...order([file, sum]) });
  expect(vm.Sum).toBe(`${sha256}  -`);
  await grid.client.destroy(String(vm.VmId));
}, 120_000);
