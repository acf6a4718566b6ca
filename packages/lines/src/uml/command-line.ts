import type { StartOrder } from '../production-line.ts';
import { FILES, FIRST_PIPE_DESCRIPTOR, PIPES, UML_ID } from './layout.ts';

/** Name of the devices below. A base that does not list it, because its agent may not find its port, is not booted. */
export const DEVICE_LAYOUT = 'uml-ubd-1';

/** Devices as the guest sees them. */
export const DISC_DEVICE = '/dev/ubdb';

/** Under which names the management console knows them. */
export const UNITS = { disc: 'ubdb', nic: 'vec0' } as const;

const [console, agentIn, agentOut, report] = PIPES.map((_, index) => `fd:${FIRST_PIPE_DESCRIPTOR + index}`);

/**
 * Serial lines on inherited pipes. In the guest each is found by its name on the kernel's command line, as ports of
 * QEMU are by theirs in sysfs.
 */
const LINES = [
  ...['con=null', `con0=null,${console}`],
  ...['ssl=null', `ssl0=${agentIn},${agentOut}`, `ssl1=null,${report}`],
  ...['org.qemu.guest_agent.0=/dev/ttyS0', 'org.vmgrid.report=/dev/ttyS1'],
];

/** UML would lock an image's disk for itself, and QEMU, which looks for locks, then start no machine over it. */
const UNLOCKED = 'c';

/**
 * What a kernel need not do at every boot, two of three seconds of it: test its ciphers, make 256 ptys of the kind that
 * nobody uses since 1998, and find out which of its ways of reckoning RAID 6 is the quickest. Without a way it cannot
 * do RAID 5 and 6.
 */
export const SPARED = ['cryptomgr.notests', 'pty.legacy_count=0', 'initcall_blacklist=raid6_select_algo'] as const;

/**
 * A build owns its disk from the start: what it leaves is an image. UML's copy-on-write cannot be larger than what is
 * below.
 */
export const hasOwnDisk = ({ purpose, machine, image }: StartOrder): boolean =>
  purpose === 'build' || machine.diskMiB > image.manifest.machine.diskMiB;

/** Arguments of UML for one machine; relative names are in its folder `run`. */
export function commandLine(order: StartOrder): string[] {
  const disk = hasOwnDisk(order) ? FILES.raw : `${FILES.cow},../${FILES.parent}`;
  return [
    ...[`mem=${order.machine.memoryMiB}M`, `ubd0${UNLOCKED}=${disk}`, `initrd=../${FILES.initrd}`],
    ...[`umid=${UML_ID}`, 'uml_dir=./'],
    ...LINES,
    ...['rw', 'quiet', ...SPARED, 'net.ifnames=0', 'systemd.show_status=0'],
  ];
}
