import { join } from 'node:path';
import { GridError } from '@vmgrid/protocol';
import { KEPT_BY_DAEMON } from '@vmgrid/warehouse';

/**
 * Files in the folder of a machine of this line. The folder belongs to the plant alone: libvirt opens the sockets and
 * passes them to the hypervisor, whose process opens only the disk.
 */
export const FILES = {
  disk: 'disk.qcow2',
  console: 'console.log',
  /** The XML with which the domain was defined. */
  domain: 'domain.xml',
  /** The domain's UUID; written before the domain is defined. */
  uuid: KEPT_BY_DAEMON,
} as const;

export const SOCKETS = { console: 'console.sock', report: 'report.sock' } as const;

/** The kernel's limit on the address of a unix socket; libvirt uses the whole path. */
const SOCKET_PATH_BYTES = 107;

/**
 * @throws GridError LINE_UNAVAILABLE when the sockets of a machine in this folder would have addresses over the limit
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

/** Devices of the machine that the monitor refers to; domain.xml gives them these names. */
export const DEVICES = { nic: 'vmgridnic0', disc: 'sda' } as const;
