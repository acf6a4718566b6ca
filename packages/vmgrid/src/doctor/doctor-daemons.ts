/** Finds the daemons of this machine and their use of memory, for `vmgrid doctor`. */
import { readdir, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { heapLimitOf } from '@vmgrid/daemon';
import type { MemoryReply, ShopClient } from '@vmgrid/protocol';

export interface DaemonFinding {
  readonly daemon: string;
  readonly pid: number;
  /** In MiB: resident memory of the process now, and the most that it ever had. */
  readonly residentMiB: number;
  readonly peakMiB: number;
  /** Size to which its heap may grow; undefined when `NODE_OPTIONS` or Node's default decides. */
  readonly heapLimitMiB: number | undefined;
}

export interface DaemonsFinding {
  readonly daemons: readonly DaemonFinding[];
  /** The shop's report about its memory; undefined when the shop does not answer, or not to this user. */
  readonly shop: MemoryReply | undefined;
}

const PROGRAM = /^(vmshop|vmbroker|vmplant)\.js$/;
const SHOP_DEADLINE_MS = 3_000;

export async function examineDaemons(client: Pick<ShopClient, 'memory'>): Promise<DaemonsFinding> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map(findingOf));
  const shop = await client.memory({ deadlineMs: SHOP_DEADLINE_MS }).catch(() => undefined);
  return { daemons: found.filter((one) => one !== undefined), shop };
}

/** Returns undefined for a process that is no daemon of ours, or has just ended. */
async function findingOf(pid: number): Promise<DaemonFinding | undefined> {
  const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return daemonFinding(pid, words, status);
}

/** Pure: reads a process's command line and its `/proc/PID/status`. */
export function daemonFinding(pid: number, words: readonly string[], status: string): DaemonFinding | undefined {
  const at = words.findIndex((word) => PROGRAM.test(basename(word)));
  const [resident, peak] = ['VmRSS', 'VmHWM'].map(
    (name) => new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1],
  );
  if (at === -1 || !words.includes('--config') || resident === undefined || peak === undefined) return undefined;
  return {
    daemon: basename(words[at]!, '.js'),
    pid,
    residentMiB: mebibytes(resident),
    peakMiB: mebibytes(peak),
    heapLimitMiB: heapLimitOf(words.slice(1, at)),
  };
}

const mebibytes = (kibibytes: string): number => Math.round(Number(kibibytes) / 1_024);
