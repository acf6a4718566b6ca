import { expect, test } from '@jest/globals';
import { examineLimits, limitsFinding } from '../../src/doctor/doctor-limits.ts';

test('a host with all controllers of cgroup v2 can limit machines, and the next step is named', () => {
  expect(limitsFinding(['cpuset', 'cpu', 'io', 'memory', 'pids'])).toEqual({
    controllers: ['cpuset', 'cpu', 'io', 'memory', 'pids'],
    missing: [],
    note: 'machines can be limited: set `cgroup.parent` in the configuration of the plant',
  });
});

test('a host whose controllers are with cgroup v1, or that has no cgroup v2, is told how to get it and what there is meanwhile', () => {
  expect(limitsFinding(['hugetlb', 'cpu'])).toMatchObject({ missing: ['memory', 'pids', 'io'] });
  for (const controllers of [['hugetlb'], undefined]) {
    const { note } = limitsFinding(controllers);
    expect(note).toContain('boot with systemd.unified_cgroup_hierarchy=1; until then machines have rlimits alone');
  }
});

test('this host is looked at', async () => {
  const { controllers, missing, note } = await examineLimits();
  expect({ controllers, missing, note }).toEqual(limitsFinding(controllers));
});
