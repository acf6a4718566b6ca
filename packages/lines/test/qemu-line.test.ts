/** Properties of QEMU only; test/contract checks those of every line. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { checkConfig } from '@vmgrid/daemon';
import { makeCgroupParent } from '@vmgrid/test-support/hosts/cgroup-parent.ts';
import { WHY_NO_POOR_HOST, WITHOUT_PORTS } from '@vmgrid/test-support/hosts/poor-host.ts';
import { processesBelow } from '@vmgrid/test-support/hosts/processes.ts';
import { SmallDisk, WHY_NO_SMALL_DISK } from '@vmgrid/test-support/hosts/small-disk.ts';
import { testUnless, WHY_NO_HOST_USERS } from '@vmgrid/test-support/jest/test-unless.ts';
import { type Bench, OPEN_BENCH_MS, openBench } from '../../../test/contract/bench.ts';
import { identityOf, script, WAKE_AND_RUN } from '../../../test/contract/workshop.ts';
import { CgroupConfig } from '../../host/src/cgroup/cgroup-config.ts';
import { Cgroups } from '../../host/src/cgroup/cgroups.ts';
import type { StartOrder } from '../src/production-line.ts';
import { LAYOUT_WITHOUT_AGENT } from '../src/qemu/command-line.ts';
import { QemuLine } from '../src/qemu/qemu-line.ts';

let bench: Bench;

beforeAll(async () => {
  bench = await openBench({
    name: 'qemu',
    restores: true,
    suspends: true,
    os: 'tiny-1',
    guest: 'linux',
    sandboxed: true,
    make: (options, deps) => new QemuLine(deps, options),
  });
}, OPEN_BENCH_MS);

afterAll(() => bench?.workshop.close(), 60_000);

test('an image suspended here needs a processor that every host has', async () => {
  const report = await bench.workshop.line.probe(bench.workshop.signal);
  expect(report.compatibility).toMatchObject({ vmm: 'qemu', cpuModel: 'Nehalem' });
  expect(['kvm', 'tcg']).toContain(report.compatibility.accelerator);
});

test('a line without its program is unavailable, with the reason', async () => {
  const line = new QemuLine({}, { stateDirectory: bench.workshop.folder, binary: 'qemu-system-none' });
  expect(await line.probe(bench.workshop.signal)).toMatchObject({
    available: false,
    reason: expect.stringContaining('qemu-system-none'),
  });
});

test('a machine that stood still when it was adopted can be let go of and asked again', async () => {
  const machine = await bench.clone('still');
  machine.detach();
  const adopted = await bench.workshop.adopt(machine);
  const pid = Number(machine.state.pid);
  process.kill(pid, 'SIGSTOP');
  try {
    await expect(adopted.guest(AbortSignal.timeout(500))).rejects.toMatchObject({ name: 'TimeoutError' });
    adopted.detach();
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  expect(await bench.workshop.run(adopted, 'cat /root/mark')).toEqual(['from the image']);
  await adopted.stop(0, bench.workshop.signal);
  expect(await adopted.exited).toMatchObject({ cause: 'requested' });
}, 60_000);

test('a base without the resident agent gets the devices of before, and its identity from the runner', async () => {
  const { workshop } = bench;
  const { manifest } = workshop.base;
  const older = {
    ...workshop.base,
    manifest: { ...manifest, boot: { ...manifest.boot, layouts: [LAYOUT_WITHOUT_AGENT] } },
  };
  const machine = await workshop.start(await workshop.order('older', older, { start: 'boot' }));
  expect(machine.state.layout).toBe(LAYOUT_WITHOUT_AGENT);
  expect(await machine.guest(workshop.signal)).not.toHaveProperty('identify');
  const plan = { identity: identityOf('older'), steps: [script(0, 'hostname > "$VMGRID_ATTRIBUTES.not"')] };
  const events = await workshop.configure(machine, plan, WAKE_AND_RUN);
  expect(events.map(({ event }) => event)).toEqual(['attributes', 'identity', 'begin', 'end', 'finished']);
  expect(await workshop.run(machine, 'hostname; cat /sys/class/net/eth0/carrier')).toEqual(['older', '1']);
  await machine.stop(0, workshop.signal);
}, 60_000);

test("an unreadable state fails with QEMU's words and leaves neither process nor file but the overlay", async () => {
  const directory = join(bench.workshop.warehouse.directory, 'images', 'golden-broken');
  await mkdir(directory);
  await writeFile(join(directory, 'device.state'), randomBytes(4_096));
  execFileSync('cp', ['--sparse=always', join(bench.image.directory, 'memory.bin'), directory]);
  execFileSync('cp', [join(bench.image.directory, 'disk.qcow2'), directory]);
  const broken = { ...bench.image, directory };
  const order = await bench.workshop.order('stillborn', broken);
  await expect(bench.workshop.start(order)).rejects.toMatchObject({
    code: 'VMM_FAILED',
    details: { output: expect.stringContaining('migration') },
  });
  expect(await readdir(join(order.directory, 'run'))).toEqual(['disk.qcow2']);
  expect(await processesBelow(order.directory)).toEqual([]);
}, 30_000);

testUnless(WHY_NO_HOST_USERS)(
  "QEMU runs as a user of its own without privileges, and cannot read another machine's folder",
  async () => {
    const machine = await bench.clone('fenced');
    const status = await readFile(`/proc/${machine.state.pid}/status`, 'utf8');
    const field = (name: string): string | undefined => new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(status)?.[1];
    expect(field('Uid')).toBe(String(machine.state.uid));
    expect([field('CapEff'), field('CapBnd'), field('NoNewPrivs'), field('Seccomp')]).toEqual([
      ...['0000000000000000', '0000000000000000', '1', '2'],
    ]);
    const { mode } = await stat(join(bench.workshop.folder, 'fenced', 'run'));
    expect(mode & 0o777).toBe(0o700);
  },
  30_000,
);

/** A program that is QEMU after a shell has taken something away from it. */
async function poorQemu(name: string, without: string): Promise<string> {
  const path = join(bench.workshop.folder, name);
  await writeFile(path, `#!/bin/sh\nset -- qemu-system-x86_64 "$@"\n${without}\n`, { mode: 0o755 });
  return path;
}

/**
 * Has machines start on a host from which a shell has taken something away: before they are confined, for then nothing
 * of the host can be changed any more.
 */
async function onPoorHost<T>(without: string, start: () => Promise<T>): Promise<T> {
  const { PATH } = process.env;
  const folder = join(bench.workshop.folder, 'poor-host');
  await mkdir(folder);
  const prlimit = execFileSync('sh', ['-c', 'command -v prlimit'], { encoding: 'utf8' }).trim();
  await writeFile(join(folder, 'prlimit'), `#!/bin/sh\nset -- ${prlimit} "$@"\n${without}\n`, { mode: 0o755 });
  process.env.PATH = `${folder}:${PATH}`;
  try {
    return await start();
  } finally {
    process.env.PATH = PATH;
  }
}

const left = async ({ directory }: StartOrder) => ({
  files: await readdir(join(directory, 'run')),
  processes: await processesBelow(directory),
});

test('a QEMU that is not given the memory of its guest says so by the code, and leaves nothing', async () => {
  const { workshop } = bench;
  const binary = await poorQemu('qemu-without-memory', 'exec prlimit --as=200000000 "$@"');
  const line = new QemuLine({}, { stateDirectory: workshop.folder, binary });
  const order = await bench.order('without-memory');
  await line.createOverlay(order, workshop.signal);
  await expect(line.start(order, workshop.signal)).rejects.toMatchObject({
    code: 'HOST_MEMORY_FULL',
    details: { output: expect.stringContaining('Cannot allocate memory') },
  });
  expect(await left(order)).toEqual({ files: ['disk.qcow2'], processes: [] });
}, 30_000);

testUnless(WHY_NO_POOR_HOST)(
  'a machine for which there is no port says so by the code, and runs on until it is ended',
  async () => {
    const { workshop } = bench;
    const order = await bench.order('portless');
    const machine = await onPoorHost(WITHOUT_PORTS, () => workshop.start(order));
    await expect(machine.openNetwork(workshop.signal)).rejects.toMatchObject({
      code: 'HOST_PORTS_FULL',
      message: expect.stringContaining('no port is free for ssh to the guest'),
    });
    await machine.stop(0, workshop.signal);
    expect(await left(order)).toEqual({ files: ['disk.qcow2'], processes: [] });
  },
  60_000,
);

testUnless(WHY_NO_SMALL_DISK)(
  'a machine whose memory does not fit the disk runs on, and keeps nothing of the try',
  async () => {
    const { workshop } = bench;
    const disk = SmallDisk.mount(4);
    try {
      const order = { ...(await bench.order('small')), directory: join(disk.path, 'small') };
      await mkdir(order.directory);
      const machine = await workshop.start(order);
      await workshop.run(machine, 'echo still here > /root/mark; sync');
      await expect(machine.suspend(workshop.signal)).rejects.toMatchObject({ code: 'ENOSPC' });
      expect(await workshop.run(machine, 'cat /root/mark')).toEqual(['still here']);
      expect((await readdir(order.directory)).filter((name) => name.startsWith('suspended'))).toEqual([]);
      await machine.stop(0, workshop.signal);
    } finally {
      disk.unmount();
    }
  },
  60_000,
);

const cgroups = makeCgroupParent();
const testGroups = testUnless(cgroups.why);
afterAll(() => cgroups.remove());

testGroups(
  'a machine is in a group of its own while it runs, is found in it again, and the group ends with it',
  async () => {
    const { workshop } = bench;
    const config = checkConfig(CgroupConfig, { parent: cgroups.path, controllers: [] }, 'test');
    const groups = await Cgroups.open({ ...config, name: 'plant-1' });
    const line = new QemuLine({ groups }, { stateDirectory: workshop.folder });
    const order = await bench.order('grouped');
    await line.createOverlay(order, workshop.signal);
    const machine = await line.start(order, workshop.signal);
    const pid = String(machine.state.pid);
    const inside = async () => (await readFile(groups.entrance(order.directory)!, 'utf8')).trim().split('\n');
    expect(await inside()).toEqual([pid]);
    machine.detach();
    const adopted = await workshop.adopt(machine, line);
    expect(await inside()).toEqual([pid]);
    await adopted.stop(0, workshop.signal);
    expect(groups.entrance(order.directory)).toBeUndefined();
    expect(await left(order)).toEqual({ files: ['disk.qcow2'], processes: [] });
  },
  60_000,
);

testGroups(
  'a machine that nobody knows any more ends with its group',
  async () => {
    const { workshop } = bench;
    const config = checkConfig(CgroupConfig, { parent: cgroups.path, controllers: [] }, 'test');
    const groups = await Cgroups.open({ ...config, name: 'plant-1' });
    const line = new QemuLine({ groups }, { stateDirectory: workshop.folder });
    const order = await bench.order('forgotten');
    await line.createOverlay(order, workshop.signal);
    const machine = await line.start(order, workshop.signal);
    await line.kill(order.directory);
    expect(groups.entrance(order.directory)).toBeUndefined();
    expect((await machine.exited).cause).toBe('crashed');
    expect(await left(order)).toEqual({ files: ['disk.qcow2'], processes: [] });
  },
  60_000,
);
