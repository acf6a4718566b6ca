import { expect, test } from '@jest/globals';
import { cgroup2MountOf, groupPathOf } from '../../src/process/own-cgroup.ts';

const UNIFIED = '29 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate';
const HYBRID = `31 30 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu
32 30 0:28 / /sys/fs/cgroup/with\\040blank rw - cgroup2 cgroup2 rw`;

test('where cgroup v2 is mounted is read from the mounts, of whatever kind the host is', () => {
  expect(cgroup2MountOf(UNIFIED)).toBe('/sys/fs/cgroup');
  expect(cgroup2MountOf(HYBRID)).toBe('/sys/fs/cgroup/with blank');
  expect(cgroup2MountOf('31 30 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu')).toBeUndefined();
});

test('which group a process is in stands in the line without controllers', () => {
  expect(groupPathOf('0::/system.slice/vmplant.service\n')).toBe('/system.slice/vmplant.service');
  expect(groupPathOf('4:memory:/a\n0::/\n')).toBe('/');
  expect(groupPathOf('4:memory:/a\n')).toBeUndefined();
});
