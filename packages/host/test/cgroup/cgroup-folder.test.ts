import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { NO_DEADLINE } from '@vmgrid/test-support/jest/no-deadline.ts';
import { cgroupFolders } from '../../src/cgroup/cgroup-folder.ts';

const group = useTemporaryFolder();
const events = () => join(group(), 'cgroup.events');
const emptied = async () => {
  await writeFile(events(), 'populated 1\nfrozen 0\n');
  return { promise: cgroupFolders.emptied(group(), NO_DEADLINE) };
};

test('a group is waited for until no process is in it', async () => {
  const { promise } = await emptied();
  await writeFile(events(), 'populated 0\nfrozen 0\n');
  await expect(promise).resolves.toBeUndefined();
});

test('a group that is removed as it is waited for is an error of the wait, not of the plant', async () => {
  const { promise } = await emptied();
  const refused = expect(promise).rejects.toMatchObject({ code: 'ENOENT' });
  await rm(events());
  await refused;
});
