import { join } from 'node:path';

/** What a machine of this line has in its folder. */
export const FILES = {
  /** The guest's files that outlive a boot. */
  disk: 'disk.json',
  /** Files in its memory, and what it knows of itself. */
  memory: 'memory.json',
  /** Of a frozen machine: its hardware. */
  deviceState: 'device.json',
  /** The memory of a suspended machine. */
  suspended: 'suspended.json',
  console: 'console.log',
} as const;

/** Name of the devices a machine of this line has. */
export const DEVICE_LAYOUT = 'simulated-1';

/** Version of the line: an image suspended by another one cannot be restored. */
export const LINE_VERSION = '1';

/** Where the machine's process works, and with what its life is watched. */
export const runFolder = (machineFolder: string): string => join(machineFolder, 'run');
export const LIFE_PIPE = 'life';
export const PROCESS_FILE = 'process.json';

/** Under which the guest sees the disc drive. */
export const DISC_DEVICE = '/dev/sr0';
