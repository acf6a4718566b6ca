import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { identifyProcess } from '@vmgrid/daemon';
import { KEPT_BY_DAEMON, sweepStaging } from '../../src/warehouse/staging.ts';
import { Warehouse } from '../../src/warehouse/store.ts';
import { baseDraft, promote } from '../made-up-images.ts';
import { startNode } from '../node-process.ts';
import { useTemporaryFolder } from '../temporary-folder.ts';

const directory = useTemporaryFolder();
const STORE_PROCESS = join(import.meta.dirname, 'store-process.ts');
const staging = () => join(directory(), 'staging');

async function leave(name: string, owner: unknown): Promise<void> {
  await mkdir(join(staging(), name, 'work'), { recursive: true });
  await writeFile(join(staging(), name, 'owner.json'), typeof owner === 'string' ? owner : JSON.stringify(owner));
}

test('what a living process stages is kept, and swept once it is dead', async () => {
  const other = startNode(STORE_PROCESS, directory(), 'stage');
  expect(await other.line()).toBe('staged');
  await Warehouse.open(directory());
  expect(await readdir(staging())).toHaveLength(1);
  await other.kill();
  await Warehouse.open(directory());
  expect(await readdir(staging())).toEqual([]);
});

test('a process of this host is told from a later one of the same number', async () => {
  const self = identifyProcess(process.pid)!;
  await leave('mine', { ...self, host: hostname() });
  await leave('same-number', { ...self, startTime: self.startTime - 1, host: hostname() });
  expect(await sweepStaging(staging())).toEqual(['same-number']);
  expect(await readdir(staging())).toEqual(['mine']);
});

test('a build whose machine is the process of a daemon is swept by whoever ends that machine, and not before', async () => {
  const self = identifyProcess(process.pid)!;
  await leave('of-a-daemon', { ...self, startTime: self.startTime - 1, host: hostname() });
  const note = join(staging(), 'of-a-daemon', 'work', KEPT_BY_DAEMON);
  await writeFile(note, 'uuid');
  expect(await sweepStaging(staging())).toEqual([]);
  expect(await sweepStaging(staging(), () => Promise.reject(new Error('the daemon does not answer')))).toEqual([]);
  expect(await sweepStaging(staging(), () => rm(note))).toEqual(['of-a-daemon']);
});

test('another host sweeps its own', async () => {
  await leave('theirs', { pid: 4_000_000, startTime: 1, host: `not-${hostname()}` });
  expect(await sweepStaging(staging())).toEqual([]);
});

test('what has no owner yet, or one that cannot be read, is left alone', async () => {
  await mkdir(join(staging(), 'just-made'), { recursive: true });
  await writeFile(join(staging(), 'note.txt'), 'hello');
  await leave('garbled', '{');
  expect(await sweepStaging(staging())).toEqual([]);
  expect((await readdir(staging())).sort()).toEqual(['garbled', 'just-made', 'note.txt']);
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
  await expect(Promise.race([promotion, warehouse.images().then(({ size }) => size)])).resolves.toBe(0);
  expect(promoted).toBe(false);
  await other.kill();
  await promotion;
  expect([...(await warehouse.images()).keys()]).toEqual(['base']);
});

test('four processes at work on the same images never harm each other', async () => {
  const seeds = [1, 2, 3, 4];
  const processes = seeds.map((seed) => startNode(STORE_PROCESS, directory(), 'storm', String(seed), '60'));
  const reports = await Promise.all(processes.map((process) => process.end()));
  // One line each: what succeeded. Any other tells of harm.
  expect(reports.map((lines) => lines.slice(0, -1))).toEqual([[], [], [], []]);
  const warehouse = await Warehouse.open(directory());
  expect(await warehouse.broken()).toEqual([]);
  expect(await readdir(staging())).toEqual([]);
  expect(await readdir(join(directory(), 'trash'))).toEqual([]);
  for (const { manifest, directory: folder } of (await warehouse.images()).values()) {
    const files = manifest.files.map(({ file }) => file);
    expect((await readdir(folder)).sort()).toEqual([...files, 'manifest.json'].sort());
    expect(await warehouse.references.of(manifest.id)).toEqual([]);
    expect((await warehouse.images()).has(manifest.base)).toBe(true);
  }
}, 60_000);
