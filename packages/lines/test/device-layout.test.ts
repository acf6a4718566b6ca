import { expect, test } from '@jest/globals';
import { recipeFor } from '../../vmplant/src/base/recipe.ts';
import { RELEASES } from '../../vmplant/src/base/releases.ts';
import type { GoldenImage } from '../../warehouse/src/images/manifest.ts';
import { baseDraft, COMPATIBILITY, imageOf, suspendedDraft } from '../../warehouse/test/made-up-images.ts';
import type { StartOrder } from '../src/production-line.ts';
import { commandLine, DEVICE_LAYOUT, LAYOUT_WITHOUT_AGENT } from '../src/qemu/command-line.ts';

const order: StartOrder = {
  ...{ vmId: 'vm-1', directory: '/vms/vm-1', image: imageOf(baseDraft('base')), purpose: 'clone', start: 'boot' },
  machine: { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 1_024 },
  ...{ macAddress: '02:00:00:00:00:01', guestNetwork: 'isolated' },
};

/** Finds out inside a guest which devices its machine has, their addresses, and their ports. */
function devices(layout: string): string[] {
  const line = commandLine(order, { ...COMPATIBILITY, layout }, { readonlyMapping: false });
  return line.flatMap((word, index) => (['-device', '-serial'].includes(word) ? [line[index + 1]!] : []));
}

const PORTS = {
  'pc-virtio-agent-1': 'virtserialport,bus=serial.0,nr=2,chardev=resident,id=resident,name=org.vmgrid.agent',
  'pc-virtio-scsi-1': 'virtserialport,bus=serial.0,nr=2,chardev=report,id=report,name=org.vmgrid.report',
};

test.each([
  [DEVICE_LAYOUT, 'pc-virtio-agent-1'],
  [LAYOUT_WITHOUT_AGENT, 'pc-virtio-scsi-1'],
] as const)('whoever changes the devices gives the layout a new name: %s', (layout, name) => {
  expect({ layout, devices: devices(layout) }).toEqual({
    layout: name,
    devices: [
      'chardev:console',
      'virtio-blk-pci,drive=disk,id=vda,addr=0x3',
      'virtio-scsi-pci,id=scsi,addr=0x7',
      'scsi-cd,id=disc,bus=scsi.0',
      'virtio-serial-pci,id=serial,addr=0x4',
      'virtserialport,bus=serial.0,nr=1,chardev=agent,id=agent,name=org.qemu.guest_agent.0',
      PORTS[name],
      'virtio-rng-pci,rng=rng,addr=0x5',
      'virtio-net-pci,netdev=port0,id=nic0,mac=02:00:00:00:00:00,romfile=,addr=0x6',
    ],
  });
});

const cloneOf = (image: GoldenImage, readonlyMapping: boolean): string[] =>
  commandLine({ ...order, image, start: 'restore' }, COMPATIBILITY, { readonlyMapping });

test('no machine has a balloon, or memory that comes and goes', () => {
  const suspended = imageOf(suspendedDraft('golden', 'base'));
  for (const line of [commandLine(order, COMPATIBILITY, { readonlyMapping: false }), cloneOf(suspended, false)])
    expect(line.join(' ')).not.toMatch(/balloon|virtio-mem|free-page/);
});

test('a QEMU that can is told to map golden memory for reading alone, an older one privately', () => {
  const suspended = imageOf(suspendedDraft('golden', 'base'));
  const memoryOf = (line: string[]) => JSON.parse(line[line.indexOf('-object') + 1]!);
  expect(memoryOf(cloneOf(suspended, true))).toMatchObject({ share: false, readonly: true, rom: 'off' });
  expect(memoryOf(cloneOf(suspended, false))).not.toHaveProperty('readonly');
});

test.each(Object.keys(RELEASES))('the base of %s has the drivers for this layout', async (os) => {
  expect((await recipeFor(os as keyof typeof RELEASES)).layouts).toContain(DEVICE_LAYOUT);
});
