/**
 * Finds the process that listens on a port of this host, from proc(5). Only root learns about processes of other users.
 */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';

export interface PortHolder {
  readonly pid: number;
  /** Its program; for a script also the script's name. Never an argument, which may be a secret. */
  readonly program: string;
}

/** The state of a listening socket in `/proc/net/tcp`. */
const LISTENS = '0A';

/** Returns undefined when the process has ended meanwhile, or belongs to another user. */
export async function findPortHolder(port: number): Promise<PortHolder | undefined> {
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')),
  );
  const sockets = new Set(tables.flatMap((table) => listeningSockets(table, port)));
  for (const name of await readdir('/proc')) {
    if (/^\d+$/.test(name) && (await hasOneOf(name, sockets))) {
      return { pid: Number(name), program: programOf(await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')) };
    }
  }
  return undefined;
}

/** Returns the inodes of the sockets that listen on a port, from the text of `/proc/net/tcp`. Pure. */
function listeningSockets(table: string, port: number): readonly string[] {
  return table.split('\n').flatMap((line) => {
    const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
    const isIt = state === LISTENS && Number.parseInt(local.split(':')[1] ?? '', 16) === port;
    return isIt ? [`socket:[${inode}]`] : [];
  });
}

async function hasOneOf(pid: string, sockets: ReadonlySet<string>): Promise<boolean> {
  const names = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const targets = await Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')));
  return targets.some((target) => sockets.has(target));
}

function programOf(commandLine: string): string {
  const [program = '', ...words] = commandLine.split('\0');
  const script = words.find((word) => /\.(js|mjs|ts|py|pl|rb)$/.test(word));
  return [program, ...(script === undefined ? [] : [script])].map((path) => basename(path)).join(' ');
}
