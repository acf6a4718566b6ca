import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { startNode } from '@vmgrid/test-support/hosts/node-process.ts';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { KEPT_BY_DAEMON, Staging, sweepStaging } from '../src/making/staging.ts';
import { Warehouse } from '../src/warehouse.ts';
import { baseDraft, promote } from './made-up-images.ts';

const directory = useTemporaryFolder();
const STORE_PROCESS = join(import.meta.dirname, 'store-process.ts');
const staging = () => join(directory(), 'staging');

/** Changes the name of a folder that this process staged, so that another process may have made it. */
async function leave(change: (name: string) => string): Promise<string> {
  await mkdir(staging(), { recursive: true });
  const mine = basename(dirname((await Staging.create(staging())).directory));
  const name = change(mine);
  await rename(join(staging(), mine), join(staging(), name));
  return name;
}

/** A name with this host and pid, but another start time. */
const earlier = (name: string) => name.replace(/-[0-9a-f]{8}-(?=[0-9a-f]{8}$)/, '-00000000-');

test('what a living process stages is kept, and swept once it is dead', async () => {
  const other = startNode(STORE_PROCESS, directory(), 'stage');
  expect(await other.line()).toBe('staged');
  await Warehouse.open(directory());
  expect(await readdir(staging())).toHaveLength(1);
  await other.kill();
  await Warehouse.open(directory());
  expect(await readdir(staging())).toEqual([]);
});

test('what a process left amid the making or the removal of its staging is swept, whatever of it is there', async () => {
  const left = await leave(earlier);
  await rm(join(staging(), left, 'work'), { recursive: true });
  await rm(join(staging(), left, 'image'), { recursive: true });
  expect(await sweepStaging(staging())).toEqual([left]);
  expect(await readdir(staging())).toEqual([]);
});

test('a process of this host is told from a later one of the same number', async () => {
  const sameNumber = await leave(earlier);
  const mine = await leave((name) => name);
  expect(await sweepStaging(staging())).toEqual([sameNumber]);
  expect(await readdir(staging())).toEqual([mine]);
});

test('a build whose machine is the process of a daemon is swept by whoever ends that machine, and not before', async () => {
  const left = await leave(earlier);
  const note = join(staging(), left, 'work', KEPT_BY_DAEMON);
  await writeFile(note, 'uuid');
  expect(await sweepStaging(staging())).toEqual([]);
  expect(await sweepStaging(staging(), () => Promise.reject(new Error('the daemon does not answer')))).toEqual([]);
  expect(await sweepStaging(staging(), () => rm(note))).toEqual([left]);
});

test('another host sweeps its own', async () => {
  await leave((name) => `00000000${earlier(name).slice(8)}`);
  expect(await sweepStaging(staging())).toEqual([]);
});

test('what no process of ours made is left alone', async () => {
  await mkdir(join(staging(), 'somebody-s'), { recursive: true });
  await writeFile(join(staging(), 'note.txt'), 'hello');
  expect(await sweepStaging(staging())).toEqual([]);
  expect((await readdir(staging())).sort()).toEqual(['note.txt', 'somebody-s']);
});

test('what was on its way out when its remover died is taken out', async () => {
  await mkdir(join(directory(), 'trash', 'base.1'), { recursive: true });
  await writeFile(join(directory(), 'trash', 'base.1', 'disk.raw'), 'disk');
  await Warehouse.open(directory());
  expect(await readdir(join(directory(), 'trash'))).toEqual([]);
});

test('a process that died holding the lock holds it no more', async () => {
  const warehouse = await Warehouse.open(directory());
  const other = startNode(STORE_PROCESS, directory(), 'lock');
  expect(await other.line()).toBe('locked');
  let promoted = false;
  const promotion = promote(warehouse, baseDraft('base')).then(() => {
    promoted = true;
  });
  await expect(Promise.race([promotion, warehouse.inventory.images().then(({ size }) => size)])).resolves.toBe(0);
  expect(promoted).toBe(false);
  await other.kill();
  await promotion;
  expect([...(await warehouse.inventory.images()).keys()]).toEqual(['base']);
});

test('four processes at work on the same images never harm each other', async () => {
  const seeds = [1, 2, 3, 4];
  const processes = seeds.map((seed) => startNode(STORE_PROCESS, directory(), 'storm', String(seed), '60'));
  const reports = await Promise.all(processes.map((process) => process.end()));
  // Each process prints one line for its success. Any other line tells of harm.
  expect(reports.map((lines) => lines.slice(0, -1))).toEqual([[], [], [], []]);
  const warehouse = await Warehouse.open(directory());
  expect(await warehouse.inventory.broken()).toEqual([]);
  expect(await readdir(staging())).toEqual([]);
  expect(await readdir(join(directory(), 'trash'))).toEqual([]);
  for (const { manifest, directory: folder } of (await warehouse.inventory.images()).values()) {
    const files = manifest.files.map(({ file }) => file);
    expect((await readdir(folder)).sort()).toEqual([...files, 'manifest.json'].sort());
    expect(await warehouse.references.of(manifest.id)).toEqual([]);
    expect((await warehouse.inventory.images()).has(manifest.base)).toBe(true);
  }
}, 60_000);
