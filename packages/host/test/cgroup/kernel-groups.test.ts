/** Groups of the kernel's own, where this host has them. */
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect } from '@jest/globals';
import { checkConfig, identifyProcess, waitUntilGone } from '@vmgrid/daemon';
import { makeCgroupParent } from '@vmgrid/test-support/hosts/cgroup-parent.ts';
import { eventually } from '@vmgrid/test-support/hosts/processes.ts';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { testUnless } from '@vmgrid/test-support/jest/test-unless.ts';
import { logTail, spawnVmm } from '../../../lines/src/process/spawn-vmm.ts';
import { CgroupConfig } from '../../src/cgroup/cgroup-config.ts';
import { Cgroups } from '../../src/cgroup/cgroups.ts';

const host = makeCgroupParent();
const lacks = ['memory', 'pids'].filter((name) => !host.controllers.includes(name));
const whyNoLimits = host.why ?? (lacks.length > 0 ? `cgroup v2 has no ${lacks.join(' and ')} here` : undefined);
const testGroups = testUnless(host.why);
afterAll(() => host.remove());

const folder = useTemporaryFolder();
/** A process is out of its group a moment before it is gone. */
const ends = async (pid: number): Promise<boolean> => {
  const identity = identifyProcess(pid);
  return identity === undefined || waitUntilGone(identity, 10_000);
};
const MACHINE = { memoryMiB: 64, cpus: 1 };
const open = (more: object) => {
  const config = checkConfig(CgroupConfig, { parent: host.path, ...more }, 'test');
  return Cgroups.open({ ...config, name: 'plant-1' });
};

const start = (groups: Cgroups, script: string) =>
  spawnVmm({
    ...{ program: 'sh', args: ['-c', script], folder: folder(), log: join(folder(), 'log'), user: undefined },
    entrance: groups.entrance(folder()),
  });
const said = () => logTail(join(folder(), 'log'));

testGroups(
  'a machine is in its group before it runs, with all that it starts, and all of it ends with the group',
  async () => {
    const groups = await open({ controllers: [] });
    await groups.make(folder(), MACHINE);
    const group = join(groups.entrance(folder())!, '..');
    const child = await start(groups, 'grep ^0:: /proc/self/cgroup; sleep 600 & sleep 600 & wait');
    await eventually('it has said where it is', async () => (await said()) !== '');
    expect(group.endsWith((await said()).slice('0::'.length))).toBe(true);
    const processes = async () => (await readFile(join(group, 'cgroup.procs'), 'utf8')).trim().split('\n').map(Number);
    await eventually('all three run', async () => (await processes()).length === 3);
    const all = await processes();
    expect(all).toContain(child.pid);
    await groups.remove(folder());
    expect(await Promise.all(all.map(ends))).toEqual([true, true, true]);
    expect(groups.entrance(folder())).toBeUndefined();
  },
  30_000,
);

testGroups('a group that is gone as the machine starts is said to be the reason', async () => {
  const groups = await open({ controllers: [] });
  await groups.make(folder(), MACHINE);
  const entrance = groups.entrance(folder());
  await groups.remove(folder());
  const { ended } = await spawnVmm({
    ...{ program: 'true', args: [], folder: folder(), log: join(folder(), 'log'), user: undefined, entrance },
  });
  await ended;
  expect(await said()).toContain('vmgrid: the group of the machine could not be entered');
});

testGroups(
  'what an earlier plant left in its groups ends with them',
  async () => {
    const groups = await open({ controllers: [] });
    await groups.make(folder(), MACHINE);
    const child = await start(groups, 'echo here; exec sleep 600');
    await eventually('it runs, in its group by then', async () => (await said()) === 'here');
    await (await open({ controllers: [] })).removeAllBut([]);
    expect(await child.ended).toBe('SIGKILL');
    const left = await readdir(join(host.path, 'plant-1'), { withFileTypes: true });
    expect(left.filter((entry) => entry.isDirectory())).toEqual([]);
  },
  30_000,
);

testUnless(whyNoLimits)(
  'a machine that takes more memory than its limit is ended, and one that forks without end is stopped',
  async () => {
    const groups = await open({ controllers: ['memory', 'pids'], overheadMiB: 0, processes: 16 });
    await groups.make(folder(), MACHINE);
    const hog = await start(groups, 'head -c 512M /dev/zero | tail -c 512M > /dev/null');
    expect(await hog.ended).toBe('SIGKILL');
    await mkdir(join(folder(), 'second'));
    const forks = await start(groups, 'for n in $(seq 64); do sleep 600 & done; wait');
    await eventually(
      'it is refused',
      async () => (await said()).includes('Resource temporarily unavailable') || (await said()).includes('Cannot fork'),
    );
    await groups.remove(folder());
    expect(await forks.ended).toBe('SIGKILL');
  },
  60_000,
);

testUnless(whyNoLimits === undefined ? 'this host can set them' : undefined)(
  'limits that this host cannot set are refused as the plant starts',
  async () => {
    const parent = host.why === undefined ? host.path : '/sys';
    await expect(open({ parent, controllers: ['memory', 'pids'] })).rejects.toMatchObject({ code: 'CGROUP_FAILED' });
  },
);
