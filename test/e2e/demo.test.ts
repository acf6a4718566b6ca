/**
 * `vmgrid demo` and `vmgrid up` as a user runs them, in a home of their own with base images in it.
 * @base debian-12
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readTokenFile } from '@vmgrid/access';
import { ShopClient } from '@vmgrid/protocol';
import { MACHINE, order } from '@vmgrid/test-support/grids/documents.ts';
import { startVmgrid, vmgrid } from '@vmgrid/test-support/grids/programs.ts';
import { OPEN_GRID_MS } from '@vmgrid/test-support/grids/test-grid.ts';
import { stockBase, testFolder } from '@vmgrid/test-support/grids/test-warehouse.ts';
import { eventually, processesBelow, processesNaming } from '@vmgrid/test-support/hosts/processes.ts';

let home: string;
let environment: Record<string, string>;
beforeAll(async () => {
  home = await testFolder('demo');
  environment = { VMGRID_HOME: home };
  const signal = AbortSignal.timeout(OPEN_GRID_MS);
  for (const os of ['debian-12', MACHINE.os]) await stockBase(join(home, 'warehouse'), os, signal);
}, OPEN_GRID_MS);
afterAll(async () => {
  const left = await running();
  for (const { pid } of left) process.kill(pid, 'SIGKILL');
  await rm(home, { recursive: true, force: true });
  expect(left).toEqual([]);
}, 60_000);

/** Daemons name their configuration in the home, hypervisors work below it. */
const running = async () => [...(await processesNaming(home)), ...(await processesBelow(home))];

const vmFolders = async (below: string) =>
  (await readdir(join(home, below), { recursive: true })).filter((name) => /vms\/[^/]+$/.test(name));

test('demo --json ends with one line that tells what was cloned, what ran and who bid; nothing runs on', async () => {
  const { status, out } = await vmgrid(['demo', '--json'], { environment });
  const lines = out.trimEnd().split('\n');
  expect([status, lines.length]).toEqual([0, 1]);
  const result = JSON.parse(lines[0]!);
  expect(Object.keys(result).sort()).toEqual(
    ['actionsCached', 'actionsRun', 'bids', 'imageId', 'line', 'phasesMs', 'totalMs', 'vmId'].sort(),
  );
  expect(result).toMatchObject({
    vmId: expect.stringMatching(/^vm-/),
    imageId: expect.stringMatching(/^image-/),
    line: 'qemu',
    actionsCached: 2,
    actionsRun: 2,
    phasesMs: { overlay: expect.any(Number), restore: expect.any(Number), identity: expect.any(Number) },
    totalMs: expect.any(Number),
  });
  expect(result.bids).toHaveLength(2);
  for (const bid of result.bids) expect(bid).toMatchObject({ outcome: 'bid', plan: { imageId: result.imageId } });
  expect(await running()).toEqual([]);
  expect(await vmFolders('demo')).toEqual([]);
}, 300_000);

test('a demo shows every step to people', async () => {
  const { status, out, err } = await vmgrid(['demo'], { environment });
  expect(status).toBe(0);
  for (const text of [
    'There is base-',
    'plants: plant-1, plant-2',
    'Auction ',
    'Workspace = "/srv/results',
    'is destroyed',
  ]) {
    expect(err).toContain(text);
  }
  expect(out).toContain('Done: 2 actions came with the image, 2 were run');
}, 60_000);

test('a demo interrupted amid its work leaves no daemon and no machine', async () => {
  const child = startVmgrid(['demo'], { environment });
  child.stdin!.end();
  child.stdout!.resume();
  await lineWith(child, '4. A request');
  child.kill('SIGTERM');
  const [status] = await once(child, 'close');
  expect(status).toBe(1);
  expect(await running()).toEqual([]);
  expect(await vmFolders('demo')).toEqual([]);
}, 300_000);

test('a demo interrupted while its daemons start leaves none', async () => {
  const child = startVmgrid(['demo'], { environment });
  child.stdin!.end();
  child.stdout!.resume();
  await lineWith(child, '2. A shop');
  await eventually('the shop is starting', async () => (await running()).length > 0);
  child.kill('SIGTERM');
  await once(child, 'close');
  await eventually('all are gone', async () => (await running()).length === 0);
}, 60_000);

test('up says where its endpoints are; told to stop it leaves the VMs, which the next one adopts', async () => {
  const first = await up();
  const { vm } = await first.client.create(order([], { machine: { ...MACHINE, line: 'qemu' } }));
  const vmId = String(vm.VmId);
  expect(await stop(first.child)).toBe(0);
  expect(await processesBelow(home)).toHaveLength(1);
  const second = await up();
  expect((await second.client.query({ vmId })).vm).toEqual(vm);
  await second.client.destroy(vmId);
  expect(await stop(second.child)).toBe(0);
  expect(await running()).toEqual([]);
}, 300_000);

async function up() {
  const child = startVmgrid(['--json', 'up', '--http-port', '0', '--xml-port', '0', '--log-level', 'warn'], {
    environment,
  });
  child.stdin!.end();
  child.stderr!.resume();
  const [line] = await once(createInterface({ input: child.stdout! }), 'line');
  const ready = JSON.parse(String(line));
  expect(ready).toMatchObject({
    ready: true,
    shop: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    plants: ['plant-1'],
  });
  return { child, client: new ShopClient(ready.shop, { token: readTokenFile(ready.tokenFile)! }) };
}

async function stop(child: ChildProcess): Promise<number> {
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  const [status] = await closed;
  return status;
}

/** Reads what a program says to people until a text comes; goes on reading, so that it does not block. */
function lineWith(child: ChildProcess, text: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const seen: string[] = [];
  const lines = createInterface({ input: child.stderr! });
  lines.on('line', (line) => {
    seen.push(line);
    if (line.includes(text)) resolve();
  });
  lines.on('close', () => reject(new Error(`it ended without saying ${text}: ${seen.join('\n')}`)));
  return promise;
}
