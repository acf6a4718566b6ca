import { expect, test } from '@jest/globals';
import { recipeFor } from '../../../vmplant/src/base/recipe.ts';
import { type BaseOs, RELEASES } from '../../../vmplant/src/base/releases.ts';
import type { StartOrder } from '../../src/production-line.ts';
import { commandLine, DEVICE_LAYOUT } from '../../src/uml/command-line.ts';

const machine = { arch: 'x86_64', os: 'tiny-1', memoryMiB: 128, cpus: 1, diskMiB: 256 } as const;
const order = (more: Partial<StartOrder> = {}) =>
  ({
    machine,
    purpose: 'clone',
    image: { directory: '/images/base', manifest: { machine, disk: 'disk.raw' } },
    ...more,
  }) as StartOrder;

test('whoever changes the devices gives the layout a new name', () => {
  expect({ layout: DEVICE_LAYOUT, line: commandLine(order()) }).toEqual({
    layout: 'uml-ubd-1',
    line: [
      ...['mem=128M', 'ubd0c=disk.cow,../parent.disk', 'initrd=../initrd', 'umid=vm', 'uml_dir=./'],
      ...['con=null', 'con0=null,fd:3', 'ssl=null', 'ssl0=fd:4,fd:5', 'ssl1=null,fd:6'],
      ...['org.qemu.guest_agent.0=/dev/ttyS0', 'org.vmgrid.report=/dev/ttyS1'],
      ...['rw', 'quiet', 'cryptomgr.notests', 'pty.legacy_count=0', 'initcall_blacklist=raid6_select_algo'],
      ...['net.ifnames=0', 'systemd.show_status=0'],
    ],
  });
});

test('a build, and a machine with a larger disk than its image, have a disk of their own', () => {
  const diskOf = (more: Partial<StartOrder>) => commandLine(order(more))[1];
  expect(diskOf({ purpose: 'build' })).toBe('ubd0c=disk.raw');
  expect(diskOf({ machine: { ...machine, diskMiB: 257 } })).toBe('ubd0c=disk.raw');
});

test.each(Object.keys(RELEASES))('the base of %s serves this layout', async (os) => {
  expect((await recipeFor(os as BaseOs)).layouts).toContain(DEVICE_LAYOUT);
});
