/** The line's findings about a real libvirt. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type CommandRunner, runCommand } from '@vmgrid/daemon';
import { type PrivateLibvirtd, startLibvirtd } from '@vmgrid/test-support/hosts/private-libvirtd.ts';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { NO_DEADLINE } from '@vmgrid/test-support/jest/no-deadline.ts';
import { nameVm } from '../../../vmplant/src/vms/identity.ts';
import { Warehouse } from '../../../warehouse/src/warehouse.ts';
import { baseDraft, promote } from '../../../warehouse/test/made-up-images.ts';
import { type NativeConnection, openNative } from '../../src/libvirt/api/binding.ts';
import { makeLibvirtLine } from '../../src/libvirt/make-libvirt-line.ts';
import { TRIED } from '../../src/trial-kernel.ts';

const START_MS = 60_000;
const SHIPPED = join(import.meta.dirname, '../../src/libvirt/domain/domain.xml');
const folder = useTemporaryFolder();

let libvirtd: PrivateLibvirtd;
beforeAll(async () => {
  libvirtd = await startLibvirtd();
}, START_MS);
afterAll(() => libvirtd?.close(), START_MS);

/** Runs programs, but for the kernel that KVM is tried with: that one comes as far as it should. */
const withKvm: CommandRunner = (program, args, options) =>
  args.includes('kvm') ? Promise.resolve(`${TRIED}\n`) : runCommand(program, args, options);

/** A state directory, and a warehouse with a base image in it. */
async function makePlaces() {
  const warehouse = await Warehouse.open(join(folder(), 'warehouse'));
  await promote(warehouse, baseDraft('base'));
  const stateDirectory = join(folder(), 'state');
  await mkdir(stateDirectory);
  return { stateDirectory, libvirt: { uri: libvirtd.uri }, images: () => warehouse.inventory.images() };
}

test(
  'where QEMU has KVM and libvirt has none, machines are emulated, in the words of libvirt; nothing is left of the trial',
  async () => {
    const places = await makePlaces();
    const report = await makeLibvirtLine({ run: withKvm }, places).probe(AbortSignal.timeout(START_MS));
    expect(report).toMatchObject({ available: true, compatibility: { accelerator: 'tcg' } });
    expect(report.reason).toMatch(/libvirt could not define a domain: .*kvm/);
    const kept = ['libvirt-acceleration.json', 'libvirt-taken.json'];
    expect((await readdir(places.stateDirectory)).sort()).toEqual(kept);
    expect(await libvirtd.domains()).toEqual([]);
  },
  START_MS,
);

test(
  'libvirt is given a sample of a template once, and once more when the template changes',
  async () => {
    const { stateDirectory, libvirt } = await makePlaces();
    const given: string[] = [];
    const open = async (uri: string) => listening(await openNative(uri), given);
    const probe = async (more = {}) => {
      const options = { stateDirectory, libvirt: { ...libvirt, ...more } };
      expect(await makeLibvirtLine({ open }, options).probe(AbortSignal.timeout(START_MS))).toMatchObject({
        available: true,
      });
    };
    await probe();
    await probe();
    expect(given).toHaveLength(1);
    const mine = join(folder(), 'mine.xml');
    await writeFile(mine, (await readFile(SHIPPED, 'utf8')).replace("offset='utc'", "offset='localtime'"));
    await probe({ domainTemplate: mine });
    expect(given).toHaveLength(2);
  },
  START_MS,
);

test('a plant whose machines would have sockets with addresses too long for the kernel has no libvirt line, and says so', async () => {
  // Neither is asked: the answer is known before.
  const stateDirectory = `/home/${'a'.repeat(60)}`;
  const options = { stateDirectory, libvirt: { uri: 'qemu:///session' }, images: async () => new Map() };
  const report = await makeLibvirtLine({}, options).probe(NO_DEADLINE);
  const bytes = `${stateDirectory}/vms/${nameVm().vmId}/console.sock`.length;
  expect(report).toMatchObject({
    available: false,
    reason: expect.stringContaining(
      `would take ${bytes} bytes, the kernel takes 107: give the plant a shorter stateDirectory`,
    ),
  });
});

/** Keeps what libvirt is given to define. */
function listening(native: NativeConnection, given: string[]): NativeConnection {
  return {
    connectOpen: () => native.connectOpen(),
    connectClose: () => native.connectClose(),
    domainLookupByUUIDString: (uuid) => native.domainLookupByUUIDString(uuid),
    domainDefineXML(xml) {
      given.push(xml);
      return native.domainDefineXML(xml);
    },
  };
}
