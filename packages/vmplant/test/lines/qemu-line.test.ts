/** What is QEMU's own; what every line does is in test/contract. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Bench, OPEN_BENCH_MS, openBench } from '../../../../test/contract/bench.ts';
import { processesBelow } from '../../../../test/support/processes.ts';
import { QemuLine } from '../../src/lines/qemu/qemu-line.ts';

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
  machine.release();
  const adopted = await bench.workshop.adopt(machine);
  const pid = Number(machine.state.pid);
  process.kill(pid, 'SIGSTOP');
  try {
    await expect(adopted.guest(AbortSignal.timeout(500))).rejects.toMatchObject({ name: 'TimeoutError' });
    adopted.release();
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  expect(await bench.workshop.run(adopted, 'cat /root/mark')).toEqual(['from the image']);
  await adopted.stop(0, bench.workshop.signal);
  expect(await adopted.exited).toMatchObject({ cause: 'requested' });
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

test("QEMU runs as a user of its own without privileges, and cannot read another machine's folder", async () => {
  // Nothing fences machines off from each other when the plant is not root: what is promised here must then not pass.
  if (process.getuid?.() !== 0) throw new Error('run this test as root: only then has each machine a user of its own');
  const machine = await bench.clone('fenced');
  const status = await readFile(`/proc/${machine.state.pid}/status`, 'utf8');
  const field = (name: string): string | undefined => new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(status)?.[1];
  expect(field('Uid')).toBe(String(machine.state.uid));
  expect([field('CapEff'), field('CapBnd'), field('NoNewPrivs'), field('Seccomp')]).toEqual([
    ...['0000000000000000', '0000000000000000', '1', '2'],
  ]);
  const { mode } = await stat(join(bench.workshop.folder, 'fenced', 'run'));
  expect(mode & 0o777).toBe(0o700);
}, 30_000);
