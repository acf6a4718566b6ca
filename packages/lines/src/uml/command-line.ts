import type { StartOrder } from '../production-line.ts';
import { FILES, FIRST_PIPE_DESCRIPTOR, PIPES, UML_ID } from './layout.ts';

/**
 * The name of the devices below. A base that does not list it is not booted, because its agent may not find its port.
 */
export const DEVICE_LAYOUT = 'uml-ubd-1';

/** Devices as the guest sees them. */
export const DISC_DEVICE = '/dev/ubdb';

/** The names of the devices in the management console. */
export const UNITS = { disc: 'ubdb', nic: 'vec0' } as const;

const [console, agentIn, agentOut, report] = PIPES.map((_, index) => `fd:${FIRST_PIPE_DESCRIPTOR + index}`);

/**
 * Serial lines on inherited pipes. In the guest each is found by its name on the kernel's command line, as QEMU's ports
 * are found by their names in sysfs.
 */
const LINES = [
  ...['con=null', `con0=null,${console}`],
  ...['ssl=null', `ssl0=${agentIn},${agentOut}`, `ssl1=null,${report}`],
  ...['org.qemu.guest_agent.0=/dev/ttyS0', 'org.vmgrid.report=/dev/ttyS1'],
];

/** Without it UML would lock an image's disk, and QEMU, which checks for locks, would start no machine over it. */
const UNLOCKED = 'c';

/**
 * Work that a kernel need not do at every boot, and that takes two of its three seconds: test its ciphers, make 256
 * ptys of a kind that nobody has used since 1998, and measure its RAID 6 algorithms. Without one of those it has no
 * RAID 5 and 6.
 */
export const SPARED = ['cryptomgr.notests', 'pty.legacy_count=0', 'initcall_blacklist=raid6_select_algo'] as const;

/**
 * A build has its own disk from the start, because that becomes the image. UML's copy-on-write disk cannot be larger
 * than the disk below it.
 */
export const hasOwnDisk = ({ purpose, machine, image }: StartOrder): boolean =>
  purpose === 'build' || machine.diskMiB > image.manifest.machine.diskMiB;

/** Returns the arguments of UML for one machine; relative names are in its folder `run`. */
export function commandLine(order: StartOrder): string[] {
  const disk = hasOwnDisk(order) ? FILES.raw : `${FILES.cow},../${FILES.parent}`;
  return [
    ...[`mem=${order.machine.memoryMiB}M`, `ubd0${UNLOCKED}=${disk}`, `initrd=../${FILES.initrd}`],
    ...[`umid=${UML_ID}`, 'uml_dir=./'],
    ...LINES,
    ...['rw', 'quiet', ...SPARED, 'net.ifnames=0', 'systemd.show_status=0'],
  ];
}
