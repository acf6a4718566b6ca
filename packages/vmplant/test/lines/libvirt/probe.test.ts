/** What the line finds out about a real libvirt. */
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type CommandRunner, runCommand } from '@vmgrid/daemon';
import { type PrivateLibvirtd, startLibvirtd } from '../../../../../test/support/private-libvirtd.ts';
import { makeLibvirtLine } from '../../../src/lines/libvirt/make-libvirt-line.ts';
import { TRIED } from '../../../src/lines/trial-kernel.ts';
import { Warehouse } from '../../../src/warehouse/store.ts';
import { baseDraft, promote } from '../../made-up-images.ts';
import { useTemporaryFolder } from '../../temporary-folder.ts';

const START_MS = 60_000;
const folder = useTemporaryFolder();

let libvirtd: PrivateLibvirtd;
beforeAll(async () => {
  libvirtd = await startLibvirtd();
}, START_MS);
afterAll(() => libvirtd?.close(), START_MS);

/** Runs programs, but for the kernel that KVM is tried with: that one comes as far as it should. */
const withKvm: CommandRunner = (program, args, options) =>
  args.includes('kvm') ? Promise.resolve(`${TRIED}\n`) : runCommand(program, args, options);

test(
  'where QEMU has KVM and libvirt has none, machines are emulated, in the words of libvirt; nothing is left of the trial',
  async () => {
    const warehouse = await Warehouse.open(join(folder(), 'warehouse'));
    await promote(warehouse, baseDraft('base'));
    const stateDirectory = join(folder(), 'state');
    await mkdir(stateDirectory);
    const options = { stateDirectory, libvirt: { uri: libvirtd.uri }, images: () => warehouse.images() };
    const report = await makeLibvirtLine({ run: withKvm }, options).probe(AbortSignal.timeout(START_MS));
    expect(report).toMatchObject({ available: true, compatibility: { accelerator: 'tcg' } });
    expect(report.reason).toMatch(/libvirt could not define a domain: .*kvm/);
    expect(await readdir(stateDirectory)).toEqual(['libvirt-acceleration.json']);
    expect(await libvirtd.domains()).toEqual([]);
  },
  START_MS,
);
