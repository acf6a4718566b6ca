/**
 * The floor under a clone: nothing but QEMU restoring a suspended image and the agent's handshake. No plant, no
 * unprivileged user, no records; written for this alone. Of the product it has what lets an old QEMU read an image.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

interface BareRestore {
  /** Arguments of QEMU, which waits for the state (`-incoming defer`) and names its sockets relative to the folder. */
  readonly args: readonly string[];
  /** Holds an overlay already. */
  readonly folder: string;
  readonly stateFile: string;
}

const READ_ONLY_MEMORY = join(import.meta.dirname, '../../dist/native/read-only-memory.so');

/** Nobody may write to the image's memory, as an older QEMU would: see `packages/lines/src/confinement`. */
function readingOnly(args: readonly string[]): Readonly<Record<string, string>> {
  const memory = JSON.parse(args[args.indexOf('-object') + 1]!)['mem-path'];
  return { LD_PRELOAD: READ_ONLY_MEMORY, VMGRID_READ_ONLY: memory };
}

/** Returns the process in whose working directory a machine of the product runs. */
export const vmmIn = (folder: string): string =>
  readdirSync('/proc').find((name) => /^\d+$/.test(name) && workingDirectory(name) === folder)!;

/** Returns the arguments with which the plant itself started QEMU: so the floor runs the very same machine. */
export const argumentsOf = (pid: string): readonly string[] =>
  readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(1, -1);

function workingDirectory(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined; // it ended in between
  }
}

export interface Floor extends Pick<BareRestore, 'args'> {
  /** Folder of the suspended image. */
  readonly image: string;
  /** Where a folder for the machine is made. */
  readonly directory: string;
}

/** Milliseconds of a bare restore in a folder of its own, over an overlay made beforehand. */
export async function timeFloor({ args, image, directory }: Floor): Promise<number> {
  const folder = mkdtempSync(join(directory, 'floor-'));
  const overlay = join(folder, 'disk.qcow2');
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', join(image, 'disk.qcow2'), overlay]);
  try {
    return await timeBareRestore({ args, folder, stateFile: join(image, 'device.state') });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Milliseconds from starting QEMU until the agent has answered. */
async function timeBareRestore({ args, folder, stateFile }: BareRestore): Promise<number> {
  const state = openSync(stateFile, 'r');
  const startedAt = performance.now();
  const qemu = spawn('qemu-system-x86_64', args, {
    cwd: folder,
    env: { ...process.env, ...readingOnly(args) },
    stdio: ['ignore', 'ignore', 'ignore', state],
  });
  const ended = once(qemu, 'exit');
  try {
    const monitor = new Lines(await connectSoon(join(folder, 'qmp.sock')));
    await monitor.until((message) => 'QMP' in message);
    await monitor.ask('qmp_capabilities');
    const capabilities = ['x-ignore-shared', 'events'].map((capability) => ({ capability, state: true }));
    await monitor.ask('migrate-set-capabilities', { capabilities });
    await monitor.ask('migrate-incoming', { uri: 'fd:3' });
    await monitor.until((message) => message.event === 'MIGRATION' && message.data?.status === 'completed');
    await monitor.ask('cont');
    const agent = new Lines(await connectSoon(join(folder, 'qga.sock')));
    agent.send('guest-sync-delimited', { id: 42 });
    await agent.until((message) => message.return === 42);
    return performance.now() - startedAt;
  } finally {
    qemu.kill('SIGKILL');
    await ended;
    closeSync(state);
  }
}

interface Message {
  readonly return?: unknown;
  readonly event?: string;
  readonly data?: { readonly status?: string };
}

class Lines {
  readonly #socket: Socket;
  readonly #lines: AsyncIterator<string>;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  }

  send(execute: string, args: object = {}): void {
    this.#socket.write(`${JSON.stringify({ execute, arguments: args })}\n`);
  }

  async ask(execute: string, args: object = {}): Promise<void> {
    this.send(execute, args);
    await this.until((message) => 'return' in message);
  }

  async until(wanted: (message: Message) => boolean): Promise<void> {
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) throw new Error('QEMU has ended');
      const text = value.slice(value.lastIndexOf('\ufffd') + 1); // the 0xFF before a delimited reply
      if (wanted(JSON.parse(text))) return;
    }
  }
}

/** QEMU makes its sockets a few milliseconds after it starts. */
async function connectSoon(path: string): Promise<Socket> {
  for (;;) {
    const socket = connect(path);
    try {
      await once(socket, 'connect');
      return socket;
    } catch {
      await sleep(1);
    }
  }
}
