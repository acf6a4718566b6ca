/**
 * Files of a machine of this line. QEMU names its sockets relative to its folder `run`, because a unix socket's address
 * is limited to 107 bytes. Disk, memory and sockets are made there. Files that only the plant opens are in the
 * machine's own folder, which belongs to the plant alone. In `run`, a guest that broke out of its QEMU may replace
 * anything by a link, so the plant follows no name in it.
 */
export const FILES = {
  disk: 'disk.qcow2',
  memory: 'memory.bin',
  deviceState: 'device.state',
  /** Memory and devices of a suspended clone; it exists only as long as the clone has not run since. */
  suspended: 'suspended.state',
  /** The hardware of the machine that the suspended state belongs to. */
  suspendedAs: 'suspended.json',
  log: 'qemu.log',
  console: 'console.log',
} as const;

export const SOCKETS = {
  monitor: 'qmp.sock',
  agent: 'qga.sock',
  /** Of machines without the resident agent. */
  report: 'report.sock',
  resident: 'agent.sock',
  console: 'console.sock',
} as const;

/**
 * The socket to which QEMU sends its devices' state. It is in the machine's folder, where nobody can exchange it before
 * QEMU gets it.
 */
export const SAVE_SOCKET = 'save.sock';
