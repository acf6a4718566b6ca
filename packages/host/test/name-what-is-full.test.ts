/** @unshared */
import { expect, test } from '@jest/globals';
import { GridError } from '@vmgrid/protocol';
import { SmallDisk, WHY_NO_SMALL_DISK } from '@vmgrid/test-support/hosts/small-disk.ts';
import { testUnless } from '@vmgrid/test-support/jest/test-unless.ts';
import { memoryOf } from '../src/host-memory.ts';
import { nameWhatIsFull } from '../src/name-what-is-full.ts';

testUnless(WHY_NO_SMALL_DISK)('a full disk is named with what is free of it', async () => {
  const disk = SmallDisk.mount(4);
  try {
    disk.fill();
    const error = await nameWhatIsFull(new GridError('HOST_DISK_FULL', 'no room', { call: 'write' }), [disk.path]);
    expect(error).toMatchObject({
      code: 'HOST_DISK_FULL',
      message: `no room; 0 of 4 MiB are free at ${disk.path}`,
      details: { call: 'write', disks: [{ folder: disk.path, freeMiB: 0, sizeMiB: 4 }] },
    });
  } finally {
    disk.unmount();
  }
});

test('of memory and open files it is said how much there is', async () => {
  const memory = await nameWhatIsFull(new GridError('HOST_MEMORY_FULL', 'none'), []);
  expect(memory).toMatchObject({ message: expect.stringMatching(/^none; \d+ of \d+ MiB are available$/) });
  const files = await nameWhatIsFull(new GridError('HOST_FILES_FULL', 'none'), []);
  expect(files).toMatchObject({
    message: expect.stringMatching(/^none; the plant has \d+ files open and may have \d+$/),
  });
});

test('an error of another kind, or a folder that cannot be looked at, is told as it is', async () => {
  const [other, unseen] = [new Error('a fault'), new GridError('HOST_DISK_FULL', 'no')];
  expect(await nameWhatIsFull(other, ['/'])).toBe(other);
  expect(await nameWhatIsFull(unseen, ['/nowhere'])).toBe(unseen);
});

test('the memory of a host is read from what the kernel says of it', () => {
  const text = 'MemTotal:       24683900 kB\nMemFree:         1 kB\nMemAvailable:   22633240 kB\n';
  expect(memoryOf(text)).toEqual({ availableMiB: 22_102, totalMiB: 24_105 });
});
