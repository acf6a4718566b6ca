/**
 * What a machine of this line has. QEMU names its sockets relative to its `run`, because a unix socket's address is
 * limited to 107 bytes. Disk, memory and sockets are made there. What only the plant opens is in the machine's folder
 * itself, which is the plant's alone: in `run` a guest that broke out of its QEMU may put a link in place of anything,
 * so no name in it is ever followed.
 */
export const FILES = {
  disk: 'disk.qcow2',
  memory: 'memory.bin',
  deviceState: 'device.state',
  /** Memory and devices of a clone that is suspended; there only while the clone has not run since. */
  suspended: 'suspended.state',
  /** The machine that the suspended state is of. */
  suspendedAs: 'suspended.json',
  log: 'qemu.log',
  console: 'console.log',
} as const;

export const SOCKETS = {
  monitor: 'qmp.sock',
  agent: 'qga.sock',
  report: 'report.sock',
  console: 'console.sock',
} as const;

/**
 * Where QEMU sends its devices' state: in the machine's folder, where nobody can exchange it before it is given to
 * QEMU.
 */
export const SAVE_SOCKET = 'save.sock';
