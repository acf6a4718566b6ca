/** How it is found out whether KVM runs machines here. What a real kernel does is tried at the end. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { CommandError, type CommandRunner, runCommand } from '@vmgrid/daemon';
import { testBase } from '@vmgrid/test-support/grids/test-warehouse.ts';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import type { GoldenImage } from '../../warehouse/src/images/manifest.ts';
import { Warehouse } from '../../warehouse/src/warehouse.ts';
import { baseDraft, promote, suspendedDraft } from '../../warehouse/test/made-up-images.ts';
import { HOST_ID_RANGE, hostUserOf } from '../src/process/host-user.ts';
import { findAcceleration, trialArguments } from '../src/qemu/acceleration.ts';
import { hasRunProgram, NO_IMAGES, TRIED, trialKernel } from '../src/trial-kernel.ts';

const folder = useTemporaryFolder();
const signal = AbortSignal.timeout(600_000);
const isRoot = process.getuid?.() === 0;

type Ending = { readonly prints: string } | Partial<Pick<CommandError, 'exitCode' | 'reason' | 'outputTail'>>;
const RUNS = { prints: `[    0.000000] Linux version 6.1.0\n${TRIED}\n` };

/** A QEMU that ends like this, and the commands it was run with. */
function ending(fields: Ending): { readonly run: CommandRunner; readonly commands: string[] } {
  const commands: string[] = [];
  const run: CommandRunner = async (program, args) => {
    commands.push([program, ...args].join(' '));
    if ('prints' in fields) return fields.prints;
    const failed = { program, exitCode: undefined, reason: 'failed', outputTail: '', ...fields } as const;
    throw new CommandError(`${program} failed`, failed, undefined);
  };
  return { run, commands };
}

/** With a base image of an operating system, and one that was made of it. */
async function imagesOf(...systems: readonly string[]): Promise<ReadonlyMap<string, GoldenImage>> {
  const warehouse = await Warehouse.open(join(folder(), 'warehouse'));
  for (const os of systems) {
    const base = baseDraft(`base-${os}`);
    await promote(warehouse, { ...base, machine: { ...base.machine, os } });
    await promote(warehouse, suspendedDraft(`child-${os}`, base.id));
  }
  return warehouse.inventory.images();
}

async function find(run: CommandRunner, vmmVersion = '8.2.2') {
  const images = await imagesOf();
  return findIn(run, images.size > 0 ? images : await imagesOf('tiny-1'), vmmVersion);
}

const findIn = (run: CommandRunner, images: ReadonlyMap<string, GoldenImage>, vmmVersion = '8.2.2') =>
  findAcceleration(
    { run, images: async () => images },
    {
      ...{ binary: 'qemu', machineType: 'pc-i440fx-8.2', cpuModel: 'Nehalem', vmmVersion },
      ...{ stateDirectory: folder(), line: 'qemu', hostIds: HOST_ID_RANGE },
      userOf: (vmId, image) => hostUserOf(HOST_ID_RANGE, { vmId, image, accelerator: 'kvm' }),
    },
    signal,
  );

test('a kernel that came as far as to run a program says so on its console: KVM it is', async () => {
  const { run, commands } = ending(RUNS);
  expect(await find(run)).toEqual({ accelerator: 'kvm', reason: '' });
  expect(commands).toHaveLength(1);
});

test('what is tried is the kernel of a base image, as a user that machines run as, with the very processor and machine they get', async () => {
  const { run, commands } = ending(RUNS);
  await find(run);
  const { first, count } = HOST_ID_RANGE;
  const uid = Number(/--reuid=(\d+)/.exec(commands[0]!)?.[1]);
  if (isRoot) expect(uid >= first && uid < first + count).toBe(true);
  expect(commands[0]).toMatch(/^setpriv .*-- qemu /);
  expect(commands[0]).toContain('-machine pc-i440fx-8.2 -accel kvm -cpu Nehalem,enforce -m 256M');
  const images = join(folder(), 'warehouse/images/base-tiny-1');
  expect(commands[0]).toContain(`-kernel ${images}/vmlinuz -initrd ${images}/initrd.img -append quiet panic=-1`);
});

test.each<[string, Ending, RegExp]>([
  ['that QEMU refuses', { exitCode: 1, outputTail: 'Permission denied' }, /does not run guests: Permission denied/],
  ['whose guests stand still', { reason: 'timeout' }, /start.* guests that do not run/],
  ['under which QEMU crashes', { reason: 'killed' }, /does not run guests: setpriv failed/],
  ['under which a kernel ends early', { prints: `Command line: quiet -- echo ${TRIED}\n` }, /ends without having run/],
])('a KVM %s is not used, and the reason told', async (_, end, reason) => {
  expect(await find(ending(end).run)).toEqual({ accelerator: 'tcg', reason: expect.stringMatching(reason) });
});

test('the kernel is that of tiny-1, else of what base there is; a base without a kernel, and what is no base, is not taken', async () => {
  const osOf = (images: ReadonlyMap<string, GoldenImage>) => trialKernel(images)?.image.manifest.id;
  expect(osOf(await imagesOf())).toBeUndefined();
  const images = await imagesOf('debian-12');
  expect(osOf(images)).toBe('base-debian-12');
  expect(osOf(await imagesOf('tiny-1'))).toBe('base-tiny-1');
  const cloud = baseDraft('cloud', { boot: { firmware: 'bios', layouts: ['devices-1'] } });
  const warehouse = await Warehouse.open(join(folder(), 'clouds'));
  expect(osOf(new Map([['cloud', await promote(warehouse, cloud)]]))).toBeUndefined();
});

test('before there is a base image guests are emulated, which is said and is no verdict', async () => {
  const { run, commands } = ending(RUNS);
  const untried = { accelerator: 'tcg', reason: expect.stringContaining('there is none yet') };
  expect(await findIn(run, await NO_IMAGES())).toEqual(untried);
  expect(commands).toEqual([]);
  expect(await find(run)).toEqual({ accelerator: 'kvm', reason: '' });
  expect(await findIn(run, await NO_IMAGES())).toEqual({ accelerator: 'kvm', reason: '' });
});

test('the verdict is kept until QEMU, its processor, the run of the host or the access to KVM changes', async () => {
  const { run, commands } = ending(RUNS);
  const kept = join(folder(), 'qemu-acceleration.json');
  const change = async (field: string) =>
    writeFile(kept, JSON.stringify({ ...JSON.parse(await readFile(kept, 'utf8')), [field]: 'another' }));
  await find(run);
  await find(run);
  expect(commands).toHaveLength(1);
  await find(run, '9.0.0');
  expect(commands).toHaveLength(2);
  for (const field of ['bootId', 'access', 'cpuModel']) {
    await change(field);
    await find(run, '9.0.0');
  }
  expect(commands).toHaveLength(5);
});

test('the kernel of a real base image, as it is tried under KVM, runs a program and ends, emulated here', async () => {
  const base = await testBase(signal, 'tiny-1');
  const kernel = trialKernel(new Map([[base.manifest.id, base]]))!;
  const how = { machineType: 'pc', cpu: 'Nehalem', accelerator: 'tcg' };
  const printed = await runCommand('qemu-system-x86_64', trialArguments(kernel, how), { signal });
  expect(hasRunProgram(printed)).toBe(true);
}, 600_000);
