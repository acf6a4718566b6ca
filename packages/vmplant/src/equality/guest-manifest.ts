/** The content of a guest as comparable items: files, users, units, sockets, processes and the like. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TimeLimit, within } from '@vmgrid/daemon';
import type { Guest } from '@vmgrid/lines';
import { GridError, late } from '@vmgrid/protocol';

/** The value of each item, whose key is its kind, a tab and its name. */
export type GuestManifest = ReadonlyMap<string, string>;

export const keyOf = (kind: string, name: string): string => `${kind}\t${name}`;

const SCRIPT = join(import.meta.dirname, 'guest-manifest.sh');

/** Milliseconds for a guest to list its content. */
export const LOOK_DEADLINE_MS = 600_000;

const silent = late('GUEST_UNREACHABLE', 'the guest did not report its content');

/** `baseMadeAt`: milliseconds since the epoch. @throws GridError GUEST_UNREACHABLE, GUEST_LOST */
export async function manifestOf(
  guest: Pick<Guest, 'run'>,
  baseMadeAt: number,
  limit: TimeLimit,
): Promise<GuestManifest> {
  const script = await readFile(SCRIPT, 'utf8');
  const command = ['/bin/sh', '-c', script, 'manifest', String(Math.floor(baseMadeAt / 1_000))];
  return within({ ...limit, late: silent }, (until) => readManifest(guest.run(command, until)));
}

/** The script's last line. */
const ENDED = 'that is all';

/**
 * Reads what the script printed. Lines that are none of its own are left out.
 * @throws GridError GUEST_UNREACHABLE when it did not come to its end
 */
export async function readManifest(lines: AsyncIterable<string> | Iterable<string>): Promise<GuestManifest> {
  const manifest = new Map<string, string>();
  const links = new Map<string, string>();
  let ended = false;
  for await (const line of lines) {
    ended = line === ENDED;
    const parts = line.split('\t');
    if (parts.length < 3) continue;
    const [kind, value, name] = [parts[0]!, parts.at(-1)!, parts.slice(1, -1).join('\t')];
    manifest.set(keyOf(kind, name), kind === 'file' ? withLinks(name, value, links) : value);
  }
  if (!ended) throw new GridError('GUEST_UNREACHABLE', 'the guest told only a part of what it has');
  return manifest;
}

/** Inode numbers have no meaning, but equal ones link names: each number is replaced by the first of its names. */
function withLinks(name: string, value: string, links: Map<string, string>): string {
  const words = value.split(' ');
  const [inode, count] = [words.pop()!, words.pop()!];
  if (words[0] === 'directory') return words.slice(0, -1).join(' '); // size and links follow from what is in it
  if (count === '1') return words.join(' ');
  const first = links.get(inode) ?? name;
  links.set(inode, first);
  return `${words.join(' ')}, ${count} links, one is ${first}`;
}
