import { join } from 'node:path';

/** Files in the folder of a machine of this line. */
export const FILES = {
  /** The guest's files that survive a boot. */
  disk: 'disk.json',
  /** Files in the guest's memory, and its kernel's settings. */
  memory: 'memory.json',
  /** The hardware of a frozen machine. */
  deviceState: 'device.json',
  /** The memory of a suspended machine. */
  suspended: 'suspended.json',
  console: 'console.log',
} as const;

/** The name of the devices of a machine of this line. */
export const DEVICE_LAYOUT = 'simulated-1';

/** Version of the line. An image that another version suspended cannot be restored. */
export const LINE_VERSION = '1';

/** The working directory of the machine's process, and the pipe by which its life is watched. */
export const runFolder = (machineFolder: string): string => join(machineFolder, 'run');
export const LIFE_PIPE = 'life';
export const PROCESS_FILE = 'process.json';

/** The device under which the guest sees the disc drive. */
export const DISC_DEVICE = '/dev/sr0';
