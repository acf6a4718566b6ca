import { join } from 'node:path';

/**
 * What a machine of this line has in its own folder. `run` is QEMU's working directory and belongs to the machine's own
 * user; QEMU names its sockets relative to it, because a unix socket's address is limited to 107 bytes.
 */
export const FILES = {
  disk: 'disk.qcow2',
  memory: 'memory.bin',
  deviceState: 'device.state',
  log: 'qemu.log',
  console: 'console.log',
} as const;

export const SOCKETS = {
  monitor: 'qmp.sock',
  agent: 'qga.sock',
  report: 'report.sock',
  console: 'console.sock',
  save: 'save.sock',
} as const;

export const runFolder = (machineFolder: string): string => join(machineFolder, 'run');
