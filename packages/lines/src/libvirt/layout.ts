import { join } from 'node:path';
import { GridError } from '@vmgrid/protocol';
import { KEPT_BY_DAEMON } from '@vmgrid/warehouse';

/**
 * What a machine of this line has in its folder, which is the plant's alone: libvirt opens the sockets and hands them
 * to the hypervisor, whose process only opens the disk.
 */
export const FILES = {
  disk: 'disk.qcow2',
  console: 'console.log',
  /** The domain as it was defined. */
  domain: 'domain.xml',
  /** UUID of the domain, there before the domain is. */
  uuid: KEPT_BY_DAEMON,
} as const;

export const SOCKETS = { console: 'console.sock', report: 'report.sock' } as const;

/** What the kernel takes as the address of a unix socket; libvirt names its sockets by their whole path. */
const SOCKET_PATH_BYTES = 107;

/**
 * @throws GridError LINE_UNAVAILABLE when the sockets of a machine with this folder would have longer addresses than
 * there are
 */
export function refuseLongPath(directory: string): void {
  const bytes = Math.max(...Object.values(SOCKETS).map((name) => Buffer.byteLength(join(directory, name))));
  if (bytes <= SOCKET_PATH_BYTES) return;
  const message = `the address of a socket in ${directory} would take ${bytes} bytes, the kernel takes ${SOCKET_PATH_BYTES}`;
  throw new GridError(
    'LINE_UNAVAILABLE',
    `${message}: give the plant a shorter stateDirectory, or \`vmgrid up\` a shorter VMGRID_HOME`,
    {
      ...{ bytes, limitBytes: SOCKET_PATH_BYTES },
    },
  );
}

/** Devices of the machine that are named over the monitor; domain.xml gives them these names. */
export const DEVICES = { nic: 'vmgridnic0', disc: 'sda' } as const;
