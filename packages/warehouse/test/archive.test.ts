import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { writable } from '@vmgrid/test-support/hosts/damage.ts';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { exportImage } from '../src/archive/export.ts';
import { type ImportOptions, importArchive } from '../src/archive/import.ts';
import { ARCHIVE_LIMITS } from '../src/archive/limits.ts';
import { requireConsistent } from '../src/archive/require-consistent.ts';
import { END, entryOf, headOf, paddingOf } from '../src/archive/ustar.ts';
import { verifyImages } from '../src/care/verify.ts';
import { Warehouse } from '../src/warehouse.ts';
import { baseDraft, promoteReal, suspendedDraft } from './made-up-images.ts';

const directory = useTemporaryFolder();
const { signal } = new AbortController();
const machine = { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 64 } as const;
const MIB = 1_048_576;
const options: ImportOptions = { signal, restoreFault: () => undefined };
const archive = () => join(directory(), 'octave.vmgrid');
const open = (name: string) => Warehouse.open(join(directory(), name));

/** base ← octave ← plotting. */
async function stocked(name: string, content = 'one'): Promise<Warehouse> {
  const warehouse = await open(name);
  await promoteReal(warehouse, baseDraft('base', { machine }), content);
  await promoteReal(warehouse, suspendedDraft('octave', 'base', { machine }), content);
  await promoteReal(warehouse, suspendedDraft('plotting', 'base', { machine, parent: 'octave' }), content);
  return warehouse;
}

const faults = async (warehouse: Warehouse) =>
  (await verifyImages(warehouse.inventory, undefined, { signal })).flatMap((image) => image.faults);

test('an image comes over with all below it, byte for byte, and holes stay holes', async () => {
  const from = await stocked('from');
  const told: string[] = [];
  const exported = await exportImage(
    from,
    { image: 'plotting', path: archive() },
    {
      signal,
      onFile: (entry, state) => told.push(`${state} ${entry}`),
    },
  );
  expect(exported).toMatchObject({ imageId: 'plotting', images: ['base', 'octave', 'plotting'] });
  expect(exported.bytes).toBe((await stat(archive())).size);
  expect(exported.bytes).toBeLessThan(MIB);
  expect(told).toContain('done octave/memory.bin');
  const to = await open('to');
  const imported = await importArchive(to, archive(), options);
  expect(imported.map(({ imageId, imported }) => [imageId, imported])).toEqual([
    ['base', true],
    ['octave', true],
    ['plotting', true],
  ]);
  expect(await faults(to)).toEqual([]);
  const manifest = (warehouse: Warehouse) =>
    readFile(join(warehouse.directory, 'images/plotting/manifest.json'), 'utf8');
  expect(await manifest(to)).toBe(await manifest(from));
  expect((await stat(join(to.directory, 'images/base/disk.raw'))).blocks * 512).toBeLessThan(MIB / 2);
  expect((await importArchive(to, archive(), options)).map((one) => one.imported)).toEqual([false, false, false]);
  expect(await readdir(join(to.directory, 'staging'))).toEqual([]);
});

test('an image that was made for one use alone neither goes nor comes', async () => {
  const from = await stocked('from');
  const own = suspendedDraft('own', 'base', { machine, madeFor: 'plant-1/use' });
  await promoteReal(from, own, 'one');
  const exporting = exportImage(from, { image: 'own', path: archive() }, { signal });
  await expect(exporting).rejects.toMatchObject({ code: 'IMAGE_UNKNOWN' });
  const { manifest } = await from.inventory.image('own');
  expect(() => requireConsistent(manifest, new Set(['base']))).toThrow(
    expect.objectContaining({ code: 'ARCHIVE_INVALID' }),
  );
});

test('tar and zstd of the host can read it', async () => {
  await exportImage(await stocked('from'), { image: 'octave', path: archive() }, { signal });
  await writeFile(`${archive()}.tar`, zstdDecompressSync(await readFile(archive())));
  const listed = execFileSync('tar', ['-tf', `${archive()}.tar`], { encoding: 'utf8' });
  expect(listed.split('\n')).toContain('octave/memory.bin');
});

test('where the host cannot restore it, an image comes without its memory, says why, and has an id of its own', async () => {
  await exportImage(await stocked('from'), { image: 'plotting', path: archive() }, { signal });
  const to = await open('to');
  const restoreFault = () => 'vmmVersion was 8.2.2, here it is 7.2';
  const imported = await importArchive(to, archive(), { ...options, restoreFault });
  expect(imported.map((one) => one.diskOnly)).toEqual([undefined, restoreFault(), restoreFault()]);
  expect(imported[2]).toMatchObject({ archivedId: 'plotting', imageId: expect.stringMatching(/^image-/) });
  const image = await to.inventory.image(imported[2]!.imageId);
  expect(image.manifest).toMatchObject({ parent: imported[1]!.imageId, base: 'base' });
  expect(image.manifest).not.toHaveProperty('memory');
  expect(image.manifest).not.toHaveProperty('compatibility');
  expect(await faults(to)).toEqual([]);
});

test('a warehouse with another build of the base keeps it; what comes stands on the base it came with', async () => {
  await exportImage(await stocked('from'), { image: 'plotting', path: archive() }, { signal });
  const to = await stocked('to', 'two');
  const imported = await importArchive(to, archive(), options);
  expect(imported[0]).toMatchObject({ archivedId: 'base', imageId: expect.stringMatching(/^base-[0-9a-f]{12}$/) });
  const { manifest } = await to.inventory.image(imported[2]!.imageId);
  expect(manifest).toMatchObject({ base: imported[0]!.imageId, parent: imported[1]!.imageId });
  expect((await to.inventory.images()).size).toBe(6);
  expect(await faults(to)).toEqual([]);
  expect((await importArchive(to, archive(), options)).map((one) => one.imported)).toEqual([false, false, false]);
});

test('a file that is not as its manifest says is not exported, and named', async () => {
  const from = await stocked('from');
  await appendFile(await writable(join(from.directory, 'images/octave/device.state')), 'x');
  await expect(exportImage(from, { image: 'octave', path: archive() }, { signal })).rejects.toMatchObject({
    code: 'IMAGE_CORRUPT',
    details: { imageId: 'octave', file: 'device.state' },
  });
  expect((await readdir(directory())).sort()).toEqual(['from']);
});

interface Entry {
  readonly name: string;
  readonly content: Buffer;
}

function entriesOf(tar: Buffer): Entry[] {
  const entries: Entry[] = [];
  for (let at = 0; ; ) {
    const entry = entryOf(tar.subarray(at, at + 512));
    if (!entry) return entries;
    entries.push({ name: entry.name, content: tar.subarray(at + 512, at + 512 + entry.bytes) });
    at += 512 + entry.bytes + paddingOf(entry.bytes);
  }
}

const headed = ({ name, content }: Entry) => [
  headOf({ name, bytes: content.length }),
  content,
  Buffer.alloc(paddingOf(content.length)),
];

/** Exports octave and writes the archive again as changed; resolves with what its import does. */
async function importChanged(change: (entries: Entry[]) => Buffer[], changes: Partial<ImportOptions> = {}) {
  await exportImage(await stocked('from'), { image: 'octave', path: archive() }, { signal });
  const blocks = change(entriesOf(zstdDecompressSync(await readFile(archive()))));
  await writeFile(archive(), zstdCompressSync(Buffer.concat(blocks)));
  const to = await open('to');
  const outcome = await importArchive(to, archive(), { ...options, ...changes }).catch((error) => error);
  expect(await readdir(join(to.directory, 'staging'))).toEqual([]);
  expect(await to.inventory.broken()).toEqual([]);
  return outcome;
}

const changeEntry = (name: string, change: (entry: Entry) => Entry) => (entries: Entry[]) => [
  ...entries.map((entry) => (entry.name === name ? change(entry) : entry)).flatMap(headed),
  END,
];
const changeManifest = (id: string, change: (manifest: Record<string, unknown>) => object) =>
  changeEntry(`${id}/manifest.json`, ({ name, content }) => ({
    name,
    content: Buffer.from(JSON.stringify(change(JSON.parse(content.toString())))),
  }));

/** A head with a changed type, its checksum put right. */
function withType(entry: Entry, type: string): Buffer[] {
  const [head, ...rest] = headed(entry) as [Buffer, ...Buffer[]];
  const sum = Number.parseInt(head.toString('latin1', 148, 154), 8) - 0x30 + type.charCodeAt(0);
  head.write(type, 156);
  head.write(sum.toString(8).padStart(6, '0'), 148);
  return [head, ...rest];
}

const HOSTILE: readonly [string, (entries: Entry[]) => Buffer[], string][] = [
  [
    'a name that leads out',
    changeEntry('base/vmlinuz', (entry) => ({ ...entry, name: '../../vmlinuz' })),
    'ARCHIVE_INVALID',
  ],
  ['an absolute name', changeEntry('base/vmlinuz', (entry) => ({ ...entry, name: '/tmp/vmlinuz' })), 'ARCHIVE_INVALID'],
  [
    'a file nobody announced',
    (entries) => [...entries, { name: 'octave/more', content: Buffer.from('x') }].flatMap(headed).concat(END),
    'ARCHIVE_INVALID',
  ],
  [
    'a symbolic link',
    (entries) =>
      entries.flatMap((entry) => (entry.name === 'base/vmlinuz' ? withType(entry, '2') : headed(entry))).concat(END),
    'ARCHIVE_INVALID',
  ],
  [
    'a hard link',
    (entries) =>
      entries.flatMap((entry) => (entry.name === 'base/vmlinuz' ? withType(entry, '1') : headed(entry))).concat(END),
    'ARCHIVE_INVALID',
  ],
  [
    'a sparse file of GNU tar',
    (entries) =>
      entries.flatMap((entry) => (entry.name === 'base/disk.raw' ? withType(entry, 'S') : headed(entry))).concat(END),
    'ARCHIVE_INVALID',
  ],
  ['an archive that breaks off', (entries) => entries.slice(0, -1).flatMap(headed), 'ARCHIVE_INVALID'],
  [
    'changed bytes',
    changeEntry('octave/memory.bin', (entry) => ({ ...entry, content: Buffer.from('memory.binTWO') })),
    'IMAGE_CORRUPT',
  ],
  [
    'a manifest of another image',
    changeManifest('octave', (manifest) => ({ ...manifest, id: 'other' })),
    'ARCHIVE_INVALID',
  ],
  [
    'a manifest with a file name that leads out',
    changeManifest('octave', (manifest) => ({ ...manifest, disk: '../disk.qcow2' })),
    'ARCHIVE_INVALID',
  ],
  [
    'a parent that is not in it',
    changeManifest('octave', (manifest) => ({ ...manifest, parent: 'elsewhere' })),
    'ARCHIVE_INVALID',
  ],
  [
    'a file listed twice',
    changeManifest('octave', (manifest) => ({ ...manifest, memory: { memory: 'disk.qcow2', state: 'device.state' } })),
    'ARCHIVE_INVALID',
  ],
  [
    'a disk larger than stated',
    changeManifest('base', (manifest) => ({ ...manifest, machine: { ...machine, memoryMiB: 1 } })),
    'ARCHIVE_INVALID',
  ],
  [
    'garbage in place of JSON',
    changeEntry('archive.json', (entry) => ({ ...entry, content: Buffer.from('{') })),
    'ARCHIVE_INVALID',
  ],
];

test.each(HOSTILE)('%s is refused', async (_, change, code) => {
  expect(await importChanged(change)).toMatchObject({ code });
});

const same = (entries: Entry[]) => entries.flatMap(headed).concat(END);

test.each([
  ['images', 1],
  ['totalBytes', MIB],
  ['dataBytes', 10],
  ['manifestBytes', 100],
] as const)('more %s than the limit are refused with both numbers', async (name, limit) => {
  const outcome = await importChanged(same, { limits: { ...ARCHIVE_LIMITS, [name]: limit } });
  expect(outcome).toMatchObject({ code: 'ARCHIVE_INVALID', details: { limit, actual: expect.any(Number) } });
  expect(outcome.details.actual).toBeGreaterThan(limit);
});

test('what is no archive at all is refused', async () => {
  await mkdir(directory(), { recursive: true });
  await writeFile(archive(), 'hello');
  await expect(importArchive(await open('to'), archive(), options)).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' });
  await rm(archive());
  await expect(importArchive(await open('to'), archive(), options)).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' });
});

test('sizes beyond 8 GiB are written as GNU tar writes them', () => {
  const entry = { name: 'image/memory.bin', bytes: 20 * 1024 ** 3 };
  expect(entryOf(headOf(entry))).toEqual(entry);
  const long = { name: `${'i'.repeat(96)}/${'f'.repeat(99)}`, bytes: 7 };
  expect(entryOf(headOf(long))).toEqual(long);
});

test('an image that cannot come in takes those out again that came in before it', async () => {
  const from = await open('from');
  await promoteReal(from, baseDraft('base', { machine }), 'one');
  await promoteReal(from, suspendedDraft('small', 'base', { machine: { ...machine, diskMiB: 128 } }), 'one');
  await exportImage(from, { image: 'small', path: archive() }, { signal });
  const reached: string[] = [];
  const to = await Warehouse.open(join(directory(), 'to'), { reached: (step) => reached.push(step) });
  await expect(importArchive(to, archive(), options)).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' });
  expect(reached.filter((step) => / moved (in|out)$/.test(step))).toEqual([
    'promote: image moved in',
    'remove: image moved out',
  ]);
  expect([...(await to.inventory.images()).keys(), ...(await readdir(join(to.directory, 'staging')))]).toEqual([]);
});

test('what is larger than the whole quota is refused while it is read', async () => {
  const from = await open('from');
  await promoteReal(from, baseDraft('base', { machine }), randomBytes(2 * MIB).toString('latin1'), 8 * MIB);
  await exportImage(from, { image: 'base', path: archive() }, { signal });
  const to = await Warehouse.open(join(directory(), 'to'), { quotaMiB: 1 });
  await expect(importArchive(to, archive(), options)).rejects.toMatchObject({
    code: 'WAREHOUSE_FULL',
    details: { limitMiB: 1 },
  });
  expect(await readdir(join(to.directory, 'staging'))).toEqual([]);
});
