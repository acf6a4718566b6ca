import { join } from 'node:path';

/**
 * A hypervisor's working directory in the folder of its machine. It belongs to the machine's own user: a guest that broke out
 * of its hypervisor may put a link in place of any name in it, so the plant follows none. What only the plant opens lies beside it.
 */
export const runFolder = (machineFolder: string): string => join(machineFolder, 'run');
