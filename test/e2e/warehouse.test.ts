/** Operators' work with golden images, by the command line against two plants that share a warehouse. */
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ImageReply } from '@vmgrid/protocol';
import {
  dag,
  SIMULATED_MACHINE as MACHINE,
  simulatedOrder as order,
  script,
} from '@vmgrid/test-support/grids/documents.ts';
import { vmgrid as runVmgrid } from '@vmgrid/test-support/grids/programs.ts';
import { OPEN_GRID_MS, TestGrid } from '@vmgrid/test-support/grids/test-grid.ts';
import { writable } from '@vmgrid/test-support/hosts/damage.ts';

const [A, B] = [script('A', 'echo A >>/root/ran'), script('B', 'echo B >>/root/ran')];

/** An action takes long enough to have it from an image, a boot longer than what a restore is expected to. */
const SLOW = { bootMs: 2_000, actionMs: 300 };

let grid: TestGrid;
let base: ImageReply;
let blank: ImageReply;
let golden: ImageReply;

beforeAll(async () => {
  grid = await TestGrid.open('warehouse', { line: 'simulated', plants: 2, plantConfig: { simulated: SLOW } });
  blank = (await grid.client.buildImage({ machine: MACHINE, dag: dag([]) })).image;
  const request = { machine: MACHINE, dag: dag([A, B], 'A>B') };
  // Both ask for the same image at once: it is built once.
  const replies = await Promise.all(
    ['plant-1', 'plant-2'].map((plantId) => grid.client.buildImage({ ...request, plantId })),
  );
  expect(replies.map(({ built }) => built).sort()).toEqual([false, true]);
  expect(replies[0]!.image.imageId).toBe(replies[1]!.image.imageId);
  golden = replies[0]!.image;
  const { images } = await grid.client.images();
  base = images.find((image) => !image.suspended)!;
}, OPEN_GRID_MS);
afterAll(async () => expect(await grid?.close()).toEqual([]), 60_000);

const vmgrid = (...args: string[]) => runVmgrid([...grid.flags, ...args]);

test('show tells machine, history with who made each step, sizes, lineage, users, hits and what restores it', async () => {
  const { vm } = await grid.client.create(order([A, B]));
  const { out } = await vmgrid('images', 'show', golden.imageId);
  expect(out).toMatch(/machine +x86_64 simulated-1, 256 MiB, 1 cpus, disk 2048 MiB, line simulated/);
  expect(out).toMatch(new RegExp(`parents +${blank.imageId} ← ${base.imageId}`));
  expect(out).toMatch(/restored by vmm simulated, /);
  expect(out).toMatch(/size +[\d.]+ MiB of its own, [\d.]+ MiB shared with its parents, 2048.0 MiB for the guest/);
  expect(out).toMatch(new RegExp(`used by +${vm.VmId}`));
  expect(out).toMatch(/hits +1, the last at 20/);
  expect(out).toMatch(new RegExp(`A +script +[0-9a-f]{12} +[\\d.]+ +20\\S+ +plant-[12]@\\S+ +${golden.imageId}`));
  const json = JSON.parse((await vmgrid('--json', 'images', 'show', golden.imageId)).out);
  expect(json).toMatchObject({ hits: 1, warehouses: [expect.any(String)] });
  expect(json.plants.toSorted()).toEqual(['plant-1', 'plant-2']);
  await grid.client.destroy(String(vm.VmId));
}, 60_000);

test('tree draws the lineage and the actions that each image adds', async () => {
  const { out } = await vmgrid('images', 'tree');
  const [root, ...rest] = out.trimEnd().split('\n');
  expect(root).toMatch(new RegExp(`^${base.imageId} \\(boots, `));
  expect(rest[0]).toMatch(new RegExp(`^└─ ${blank.imageId} \\(256 MiB suspended, `));
  expect(rest[1]).toMatch(new RegExp(`^   └─ ${golden.imageId} .*\\+A \\+B$`));
}, 30_000);

test('diff tells fields and actions', async () => {
  const { out } = await vmgrid('images', 'diff', base.imageId, golden.imageId);
  expect(out).toMatch(/memoryMiB: 64 → 256/);
  expect(out).toMatch(/^\+ A \(script\)/m);
}, 30_000);

test('a tag stands for the image in every command; a pin keeps it', async () => {
  expect((await vmgrid('images', 'tag', golden.imageId, 'stable')).out).toBe(`${golden.imageId} is tagged stable\n`);
  await vmgrid('images', 'pin', 'stable');
  expect(JSON.parse((await vmgrid('--json', 'images', 'show', 'stable')).out)).toMatchObject({
    ...{ imageId: golden.imageId, tags: ['stable'], pinned: true },
  });
  const refused = await vmgrid('images', 'rm', 'stable');
  expect(refused).toMatchObject({ status: 1, err: expect.stringMatching(/^IMAGE_PINNED/) });
  const gc = await vmgrid('images', 'gc', '--dry-run', '--target-mib', '0');
  expect(gc.out).toMatch(new RegExp(`^${golden.imageId} +keep .* pinned$`, 'm'));
  await vmgrid('images', 'unpin', 'stable');
  await vmgrid('images', 'untag', 'stable', 'stable');
  expect((await vmgrid('images', 'show', 'stable')).err).toMatch(/^IMAGE_UNKNOWN/);
}, 60_000);

test('verify finds every image good, then names the file that was changed', async () => {
  const good = JSON.parse((await vmgrid('--json', 'images', 'verify')).out);
  expect(good.images.flatMap(({ faults }: { faults: object[] }) => faults)).toEqual([]);
  expect(good.images).toHaveLength(3);
  await appendFile(await writable(join(grid.warehouse, 'images', golden.imageId, 'device.json')), 'x');
  const bad = await vmgrid('images', 'verify', golden.imageId);
  expect(bad.status).toBe(1);
  expect(bad.err).toMatch(/IMAGE_CORRUPT: image-\w+: device.json: the file has \d+ bytes, its manifest says \d+/);
  expect(bad.err).toMatch(new RegExp(`✓ verify ${blank.imageId}/disk.json`));
}, 60_000);

test('gc says what it would do, then does it, and keeps what is used, stood on, or a base', async () => {
  await grid.client.create(order());
  const dry = JSON.parse((await vmgrid('--json', 'images', 'gc', '--dry-run', '--target-mib', '0')).out);
  expect(dry.warehouses).toHaveLength(1);
  expect(dry.warehouses[0].images).toEqual([
    expect.objectContaining({ imageId: golden.imageId, verdict: 'remove', hits: 1, worth: expect.any(Number) }),
    expect.objectContaining({ verdict: 'keep' }),
    expect.objectContaining({ verdict: 'keep' }),
  ]);
  expect((await grid.client.images()).images).toHaveLength(3);
  const done = await vmgrid('images', 'gc', '--target-mib', '0');
  expect(done.out).toMatch(new RegExp(`^${golden.imageId} +remove`, 'm'));
  expect(done.out).toMatch(new RegExp(`^${blank.imageId} +keep .* used by vm-`, 'm'));
  expect((await grid.client.images()).images.map(({ imageId }) => imageId).sort()).toEqual(
    [base.imageId, blank.imageId].sort(),
  );
}, 60_000);
