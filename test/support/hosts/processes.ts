/** Reads from /proc what runs on this machine. */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

export interface FoundProcess {
  readonly pid: number;
  readonly command: string;
}

export interface LocatedProcess extends FoundProcess {
  /** Its working directory. */
  readonly folder: string;
}

async function pids(): Promise<number[]> {
  return (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
}

const commandOf = async (pid: number): Promise<string> =>
  (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ').trim();

/**
 * Processes that have their working directory below a folder. A zombie has none; one that is just ending has no command
 * line.
 */
export async function processesBelow(folder: string): Promise<readonly LocatedProcess[]> {
  const found: LocatedProcess[] = [];
  for (const pid of await pids()) {
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '');
    const command = cwd.startsWith(`${folder}/`) ? await commandOf(pid) : '';
    if (command !== '') found.push({ pid, command, folder: cwd });
  }
  return found;
}

/** Processes that have a text in their command line. */
export async function processesNaming(text: string): Promise<readonly FoundProcess[]> {
  const found: FoundProcess[] = [];
  for (const pid of await pids()) {
    const command = await commandOf(pid);
    if (pid !== process.pid && command.includes(text)) found.push({ pid, command });
  }
  return found;
}

/** Processes of a machine's folder: those that work below it, and those that name something in it. */
export async function processesOf(folder: string): Promise<readonly FoundProcess[]> {
  const found = [...(await processesBelow(folder)), ...(await processesNaming(`${folder}/`))];
  return found.filter(({ pid }, index) => found.findIndex((other) => other.pid === pid) === index);
}

/** Addresses on which a process listens for TCP, as in `127.0.0.1:7780`. */
export async function listeningAddresses(pid: number): Promise<readonly string[]> {
  const links = await Promise.all(
    (await readdir(`/proc/${pid}/fd`)).map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')),
  );
  const inodes = new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
  const tables = await Promise.all(['tcp', 'tcp6'].map((name) => readFile(`/proc/${pid}/net/${name}`, 'utf8')));
  return tables
    .flatMap((table) => table.trim().split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === LISTEN && inodes.has(fields[9]!))
    .map((fields) => addressOf(fields[1]!));
}

const LISTEN = '0A';

/** `0100007F:1E64` is 127.0.0.1:7780: four bytes of an address in the host's (little-endian) order. */
function addressOf(field: string): string {
  const [address, port] = field.split(':') as [string, string];
  if (address.length > 8) return `[${address}]:${Number.parseInt(port, 16)}`;
  const bytes = address.match(/../g)!.map((byte) => Number.parseInt(byte, 16));
  return `${bytes.reverse().join('.')}:${Number.parseInt(port, 16)}`;
}

const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 50;

/** Looks again and again until something is so, soon at first. For what happens in other processes and tells nobody. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined | false>, withinMs = 45_000) {
  const endsAt = performance.now() + withinMs;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > endsAt) throw new Error(`within ${withinMs} ms it did not come about that ${what}`);
    await sleep(pauseMs);
  }
}
