/**
 * The floor under a machine of the uml line: nothing but `linux.uml` booting a base copy-on-write, spared what its
 * kernel need not do, and the agent's handshake. No plant, no unprivileged user, no records; written for this alone,
 * with nothing of the product in it.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';

const { O_NONBLOCK, O_RDONLY, O_RDWR } = constants;
const SYNC_AGAIN_MS = 100;

export interface BareUml {
  readonly memoryMiB: number;
  readonly disk: string;
  readonly folder: string;
}

/** Milliseconds from starting UML until the agent has answered. */
export async function timeBareUml({ memoryMiB, disk, folder }: BareUml): Promise<number> {
  const [to, from] = ['to', 'from'].map((name) => join(folder, name)) as [string, string];
  execFileSync('mkfifo', [to, from]);
  const ends = [to, from].map((path) => openSync(path, O_RDWR | O_NONBLOCK)) as [number, number];
  const reader = new Socket({ fd: openSync(from, O_RDONLY | O_NONBLOCK), readable: true, writable: false });
  const writer = new Socket({ fd: openSync(to, O_RDWR | O_NONBLOCK), readable: false, writable: true });
  const args = [
    ...[`mem=${memoryMiB}M`, `ubd0=cow,${disk}`, 'rw', 'quiet', 'umid=bare', 'uml_dir=./'],
    ...['cryptomgr.notests', 'pty.legacy_count=0', 'initcall_blacklist=raid6_select_algo'],
    ...['con=null', 'ssl=null', 'ssl0=fd:3,fd:4', 'org.qemu.guest_agent.0=/dev/ttyS0'],
  ];
  const startedAt = performance.now();
  const uml = spawn('linux.uml', args, { cwd: folder, detached: true, stdio: ['ignore', 'ignore', 'ignore', ...ends] });
  const ended = once(uml, 'exit');
  const ask = () =>
    writer.write(`\xff${JSON.stringify({ execute: 'guest-sync-delimited', arguments: { id: 42 } })}\n`, 'latin1');
  ask();
  const again = setInterval(ask, SYNC_AGAIN_MS);
  try {
    let heard = '';
    while (!heard.includes('"return": 42')) heard += String((await once(reader, 'data'))[0]);
    return performance.now() - startedAt;
  } finally {
    clearInterval(again);
    process.kill(-uml.pid!, 'SIGKILL');
    await ended;
    for (const socket of [reader, writer]) socket.destroy();
    for (const end of ends) closeSync(end);
  }
}
