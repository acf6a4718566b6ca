/** Groups over a folder that stands for the kernel's: what is written where, and what is left when a write fails. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from '@jest/globals';
import { checkConfig } from '@vmgrid/daemon';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { CgroupConfig } from '../../src/cgroup/cgroup-config.ts';
import type { CgroupFolders } from '../../src/cgroup/cgroup-folder.ts';
import { Cgroups } from '../../src/cgroup/cgroups.ts';

const parent = useTemporaryFolder();
const MACHINE = { memoryMiB: 256, cpus: 1 };
const FOLDER = '/state/vms/vm-1';
/** The folder's name with the first digits of its SHA-256. */
const GROUP = 'vm-1-0642f035320f';

/** The operations that were done, except those that only read. */
let done: string[];
let failAt: string | undefined;
const short = (path: string): string => path.slice(parent().length);
const noting = (what: string): void => {
  done.push(what);
  if (what.startsWith(failAt ?? 'never')) throw Object.assign(new Error('EBUSY: it is busy'), { code: 'EBUSY' });
};
const folders: CgroupFolders = {
  isGroup: async () => true,
  make: async (path) => {
    noting(`make ${short(path)}`);
    await mkdir(path);
  },
  remove: async (path) => {
    await readdir(path);
    noting(`remove ${short(path)}`);
    await rm(path, { recursive: true });
  },
  write: async (path, file, text) => {
    noting(`${text} > ${short(join(path, file))}`);
    await writeFile(join(path, file), text);
  },
  kill: async (path) => {
    await readdir(path);
    noting(`kill ${short(path)}`);
  },
  emptied: async () => undefined,
};

const open = (more: object = {}) =>
  Cgroups.open({ ...checkConfig(CgroupConfig, { parent: parent(), ...more }, 'test'), name: 'plant-1' }, folders);

beforeEach(async () => {
  done = [];
  failAt = undefined;
  await writeFile(join(parent(), 'cgroup.controllers'), 'cpuset cpu io memory pids\n');
});

test('the controllers are passed down to a group of the plant, and a machine below it gets its limits', async () => {
  const groups = await open();
  await groups.make(FOLDER, MACHINE);
  expect(done).toEqual([
    '+cpu +memory +pids +io > /cgroup.subtree_control',
    'make /plant-1',
    '+cpu +memory +pids +io > /plant-1/cgroup.subtree_control',
    `make /plant-1/${GROUP}`,
    `100 > /plant-1/${GROUP}/cpu.weight`,
    `100000 100000 > /plant-1/${GROUP}/cpu.max`,
    `805306368 > /plant-1/${GROUP}/memory.max`,
    `0 > /plant-1/${GROUP}/memory.swap.max`,
    `1 > /plant-1/${GROUP}/memory.oom.group`,
    `2048 > /plant-1/${GROUP}/pids.max`,
    `default 100 > /plant-1/${GROUP}/io.weight`,
  ]);
  expect(groups.entrance(FOLDER)).toBe(join(parent(), 'plant-1', GROUP, 'cgroup.procs'));
  done = [];
  await groups.remove(FOLDER);
  await groups.remove(FOLDER);
  expect(done).toEqual([`kill /plant-1/${GROUP}`, `remove /plant-1/${GROUP}`]);
  expect(groups.entrance(FOLDER)).toBeUndefined();
});

test('what is left of a machine is ended before there is a new group for it', async () => {
  const groups = await open({ controllers: [] });
  await groups.make(FOLDER, MACHINE);
  await groups.make(FOLDER, MACHINE);
  expect(done.slice(1)).toEqual([
    `make /plant-1/${GROUP}`,
    `kill /plant-1/${GROUP}`,
    `remove /plant-1/${GROUP}`,
    `make /plant-1/${GROUP}`,
  ]);
});

test.each(['make', '100 >', '805306368', '2048'])(
  'a group that cannot be made (%s) is an error and not there',
  async (step) => {
    const groups = await open();
    failAt = step;
    await expect(groups.make(FOLDER, MACHINE)).rejects.toMatchObject({
      code: 'CGROUP_FAILED',
      message: expect.stringContaining('EBUSY'),
      details: { path: join(parent(), 'plant-1', GROUP) },
    });
    expect(await readdir(join(parent(), 'plant-1'))).toEqual(['cgroup.subtree_control']);
  },
);

test('a weight for disks that the scheduler of the host does not have is left out', async () => {
  const groups = await open();
  failAt = 'default 100';
  await groups.make(FOLDER, MACHINE);
  expect(groups.entrance(FOLDER)).toBeDefined();
});

test('a group whose processes do not end is an error', async () => {
  const groups = await open();
  await groups.make(FOLDER, MACHINE);
  failAt = 'remove';
  await expect(groups.remove(FOLDER)).rejects.toMatchObject({ code: 'CGROUP_FAILED' });
});

test('of an earlier run of the plant only the groups of machines that are still there stay', async () => {
  const before = await open();
  for (const vm of ['vm-1', 'vm-2', 'vm-3']) await before.make(`/state/vms/${vm}`, MACHINE);
  const after = await open();
  await after.removeAllBut([FOLDER, '/state/vms/vm-9']);
  const left = await readdir(join(parent(), 'plant-1'), { withFileTypes: true });
  expect(left.filter((entry) => entry.isDirectory()).map(({ name }) => name)).toEqual([GROUP]);
});

test('controllers that the host lacks are named with those that it has', async () => {
  await writeFile(join(parent(), 'cgroup.controllers'), 'cpu pids\n');
  await expect(open()).rejects.toMatchObject({
    code: 'CGROUP_FAILED',
    message: `${parent()} has no controllers memory, io; it has: cpu pids`,
  });
  await open({ controllers: ['cpu', 'pids'] });
});

test('a folder that is none of the kernel is refused', async () => {
  const plain = checkConfig(CgroupConfig, { parent: parent() }, 'test');
  await expect(Cgroups.open({ ...plain, name: 'plant-1' })).rejects.toMatchObject({
    code: 'CGROUP_FAILED',
    message: `${parent()} is no group of cgroup v2`,
  });
});

test('nothing is in the name of a group but the name of a folder and a digest', async () => {
  const groups = await open({ controllers: [] });
  await groups.make('/state/../../etc/vms/a b', MACHINE);
  const [made] = (await readdir(join(parent(), 'plant-1'))).filter((name) => name.startsWith('a b-'));
  expect(made).toMatch(/^a b-[0-9a-f]{12}$/);
  expect(await readFile(join(parent(), 'cgroup.controllers'), 'utf8')).toContain('cpu');
});
