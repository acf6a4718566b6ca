import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { GridError } from '@vmgrid/protocol';
import { cloudImageId, takeCloudImage } from '../../src/base/cloud-image.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vmgrid-cloud-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const signal = AbortSignal.timeout(60_000);
const order = (name: string) => ({ os: 'ubuntu-24.04', file: join(folder, name), memoryMiB: 256, signal });
const qemuImg = (...args: string[]) => execFileSync('qemu-img', args, { cwd: folder, stdio: 'ignore' });

/** Takes an image into a folder of its own; an error as data. */
async function take(name: string): Promise<{ taken: unknown; files: string[] }> {
  const out = join(folder, `${name}.out`);
  await mkdir(out);
  const taken = await takeCloudImage(order(name), out).catch((error: unknown) => {
    if (!(error instanceof GridError)) throw error;
    return `${error.code} ${error.message}`;
  });
  return { taken, files: await readdir(out) };
}

/** A boot sector with some code in it, and half a MiB of disk. */
async function bootable(name: string): Promise<void> {
  const sector = Buffer.alloc(512);
  sector.writeUInt8(0xeb, 0);
  sector.writeUInt16BE(0x55aa, 510);
  await writeFile(join(folder, name), sector);
  await truncate(join(folder, name), 524_288);
}

test('a bootable disk, raw or qcow2, becomes a qcow2 disk of whole MiB that boots by itself', async () => {
  await bootable('good.raw');
  qemuImg('convert', '-f', 'raw', '-O', 'qcow2', 'good.raw', 'good.qcow2');
  for (const name of ['good.raw', 'good.qcow2']) {
    const { taken, files } = await take(name);
    expect(files).toEqual(['disk.qcow2']);
    expect(taken).toMatchObject({
      id: await cloudImageId(order(name)),
      machine: { arch: 'x86_64', os: 'ubuntu-24.04', memoryMiB: 256, cpus: 1, diskMiB: 1 },
      boot: { firmware: 'bios' },
      ...{ diskFormat: 'qcow2', history: [] },
    });
  }
  expect(await cloudImageId(order('good.raw'))).toMatch(/^cloud-ubuntu-24-04-[0-9a-f]{12}$/);
});

test('a raw disk whose content looks like a qcow2 head is what its head says: it cannot lead to other files', async () => {
  await writeFile(join(folder, 'secret'), 'secret');
  qemuImg('create', '-f', 'qcow2', '-F', 'raw', '-b', join(folder, 'secret'), 'backed.raw', '1M');
  expect((await take('backed.raw')).taken).toMatch(/^BASE_BUILD_FAILED .*stands on another file, .*secret$/);
  qemuImg('create', '-f', 'qcow2', '-o', 'data_file=elsewhere.raw', 'elsewhere.qcow2', '1M');
  expect((await take('elsewhere.qcow2')).taken).toMatch(/keeps its data in another file$/);
});

test('what is no bootable disk is refused, and said why', async () => {
  await writeFile(join(folder, 'short'), '');
  qemuImg('create', '-f', 'qcow2', 'huge.qcow2', '3T');
  qemuImg('create', '-f', 'raw', 'empty.raw', '1M');
  expect((await take('missing')).taken).toMatch(/missing cannot be read: ENOENT/);
  expect((await take('short')).taken).toMatch(/has a disk of 0 MiB/);
  expect((await take('huge.qcow2')).taken).toMatch(/has a disk of 3145728 MiB, at most 2097152 MiB are taken$/);
  expect((await take('empty.raw')).taken).toMatch(
    /is a disk without a boot sector: machines here have a BIOS, and boot no disk for UEFI alone$/,
  );
  await expect(cloudImageId(order('missing'))).rejects.toMatchObject({ code: 'BASE_BUILD_FAILED' });
});

test.each(['vmdk', 'vdi', 'vhdx', 'vpc'])('a disk of the kind %s is converted', async (format) => {
  await bootable(`${format}.raw`);
  qemuImg('convert', '-f', 'raw', '-O', format, `${format}.raw`, `disk.${format}`);
  const { taken, files } = await take(`disk.${format}`);
  expect([files, taken]).toEqual([['disk.qcow2'], expect.objectContaining({ diskFormat: 'qcow2' })]);
});

test.each(['xz', 'gzip', 'zstd'])('a disk that is packed by %s is unpacked', async (program) => {
  await bootable(`${program} it's.raw`);
  const packed = execFileSync(program, ['-c', `${program} it's.raw`], { cwd: folder });
  await writeFile(join(folder, `${program} it's packed`), packed);
  const { taken, files } = await take(`${program} it's packed`);
  expect([files, taken]).toEqual([['disk.qcow2'], expect.objectContaining({ diskFormat: 'qcow2' })]);
  await writeFile(join(folder, `${program}-twice`), execFileSync(program, ['-c'], { input: packed }));
  expect((await take(`${program}-twice`)).taken).toMatch(/is no disk image: it is packed by .* more than once$/);
  await writeFile(join(folder, `${program}-cut`), packed.subarray(0, packed.length - 12));
  expect((await take(`${program}-cut`)).taken).toMatch(/cannot be unpacked by/);
});

test.each([
  ['text', Buffer.from('<html>Not found</html>\n'), 'a text'],
  ['zip', Buffer.from('PK\x03\x04rest\0'), 'a ZIP archive'],
  ['tar', Buffer.concat([Buffer.alloc(257), Buffer.from('ustar'), Buffer.alloc(250)]), 'a tar archive'],
  ['vmdk-description', Buffer.from('# Disk DescriptorFile\nRW 1 FLAT "/etc/shadow" 0\n'), 'the description of a VMDK'],
  ['vmdk-hidden', Buffer.concat([Buffer.from('KDMV'), Buffer.alloc(508)]), 'the description of a VMDK'],
])('a file that is no disk is called what it is: %s', async (name, content, what) => {
  await writeFile(join(folder, name), content);
  expect((await take(name)).taken).toMatch(new RegExp(`^BASE_BUILD_FAILED .*/${name} is no disk image: it is ${what}`));
});
