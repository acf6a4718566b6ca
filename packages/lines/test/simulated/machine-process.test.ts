/** @unshared */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { processesBelow } from '@vmgrid/test-support/hosts/processes.ts';
import { SmallDisk, WHY_NO_SMALL_DISK } from '@vmgrid/test-support/hosts/small-disk.ts';
import { NO_DEADLINE } from '@vmgrid/test-support/jest/no-deadline.ts';
import { testUnless } from '@vmgrid/test-support/jest/test-unless.ts';
import { runFolder } from '../../src/simulated/layout.ts';
import { makeLifePipe, startProcess, watchLife } from '../../src/simulated/machine-process.ts';

testUnless(WHY_NO_SMALL_DISK)('a process that cannot be noted because the disk is full does not run on', async () => {
  const disk = SmallDisk.mount(1);
  try {
    const directory = join(disk.path, 'vm-1');
    await mkdir(runFolder(directory), { recursive: true });
    await makeLifePipe(directory, NO_DEADLINE);
    const life = watchLife(directory);
    disk.fill();
    await expect(startProcess(directory, undefined)).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(await processesBelow(directory)).toEqual([]);
    life.close();
  } finally {
    disk.unmount();
  }
});
