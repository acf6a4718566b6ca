import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { findHome } from '@vmgrid/daemon';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { examineFolders } from '../../src/doctor/doctor-folders.ts';

const folder = useTemporaryFolder();

test('the folder that machines of their own users cannot pass through is named, with its mode and what to do', async () => {
  await chmod(folder(), 0o755);
  const parent = join(folder(), 'of root');
  const home = findHome({ VMGRID_HOME: join(parent, 'home') });
  await mkdir(parent);
  await chmod(parent, 0o750);
  expect(examineFolders(home, true)).toEqual({
    closed: { path: parent, mode: '0750' },
    note: expect.stringMatching(/cannot pass through .*of root \(mode 0750\) to .*: chmod o\+x .*of root$/),
  });
  expect(examineFolders(home, false).closed).toBeUndefined();
  await chmod(parent, 0o751);
  expect(examineFolders(home, true)).toEqual({ closed: undefined, note: 'no folder is in the way of machines' });
});
