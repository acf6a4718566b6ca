import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { readQcow2Header } from '@vmgrid/warehouse';
import { makeOverlayDisk } from '../src/disks/overlay-disk.ts';
import { emptyOverlay } from '../src/disks/qcow2-overlay.ts';
import type { StartOrder } from '../src/production-line.ts';

const MIB = 1_048_576;
const folder = useTemporaryFolder();
const qemuImg = (...args: string[]): string => execFileSync('qemu-img', args, { encoding: 'utf8' });

test.each([1, 511, 513, 2_048, 2_097_152])(
  'a disk of %s MiB is for qemu-img as the one that it makes itself',
  async (sizeMiB) => {
    const [base, ours, theirs] = ['base.raw', 'ours.qcow2', 'theirs.qcow2'].map((name) => join(folder(), name));
    await writeFile(base!, Buffer.alloc(MIB, 'x'));
    await writeFile(ours!, emptyOverlay({ backing: base!, backingFormat: 'raw', sizeBytes: sizeMiB * MIB }));
    qemuImg('create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', base!, theirs!, `${sizeMiB}M`);
    const info = (path: string) => {
      const { filename: _, 'actual-size': __, ...told } = JSON.parse(qemuImg('info', '--output=json', path));
      return { ...told, children: undefined };
    };
    expect(info(ours!)).toEqual(info(theirs!));
    expect(qemuImg('check', '-f', 'qcow2', ours!)).toContain('No errors were found');
    expect(qemuImg('compare', '-f', 'qcow2', '-F', 'qcow2', ours!, theirs!)).toContain('identical');
    expect(await readQcow2Header(ours!)).toEqual(await readQcow2Header(theirs!));
  },
);

test('a path that does not fit is refused', () => {
  const backing = `/${'x'.repeat(1_023)}`;
  expect(() => emptyOverlay({ backing, backingFormat: 'raw', sizeBytes: MIB })).toThrow(RangeError);
});

test('an overlay whose image lies too deep is refused with what is too long, and is not there', async () => {
  const image = { directory: `/${'x'.repeat(1_023)}`, manifest: { id: 'image-1', disk: 'disk', diskFormat: 'raw' } };
  const disk = join(folder(), 'disk.qcow2');
  const made = makeOverlayDisk({ image } as StartOrder, { disk, sizeMiB: 1 }, new AbortController().signal);
  await expect(made).rejects.toMatchObject({
    code: 'VMM_FAILED',
    message: expect.stringMatching(
      /^the overlay over image image-1 could not be made: .* at most 1023 bytes, not \d+$/,
    ),
  });
  expect(existsSync(disk)).toBe(false);
});

test('whoever gives up on an overlay hears its own reason', async () => {
  const image = { directory: '/images', manifest: { id: 'image-1', disk: 'disk', diskFormat: 'raw' } };
  const order = { image } as StartOrder;
  const disk = join(folder(), 'disk.qcow2');
  const made = makeOverlayDisk(order, { disk, sizeMiB: 1 }, AbortSignal.abort(new Error('no longer wanted')));
  await expect(made).rejects.toThrow('no longer wanted');
});
