/** The folders in which a grid on one machine keeps its data. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

export interface Home {
  readonly root: string;
  /** Golden images, shared by the plants of this machine. */
  readonly warehouse: string;
  /** Configuration, logs and state of the daemons of `vmgrid up`. */
  readonly grid: string;
  /** Tokens of clients of this machine's daemons. */
  readonly access: string;
}

/**
 * `VMGRID_HOME`, else `/var/lib/vmgrid` for root, else `vmgrid` in the XDG data directory. When root runs vmgrid,
 * virtual machines run as users of their own, and these must be able to pass through every folder above.
 */
export function findHome(environment: NodeJS.ProcessEnv): Home {
  const root = resolve(environment.VMGRID_HOME || defaultRoot(environment));
  return { root, warehouse: join(root, 'warehouse'), grid: join(root, 'grid'), access: join(root, 'access') };
}

function defaultRoot(environment: NodeJS.ProcessEnv): string {
  if (process.getuid?.() === 0) return '/var/lib/vmgrid';
  return join(environment.XDG_DATA_HOME ?? join(homedir(), '.local', 'share'), 'vmgrid');
}
