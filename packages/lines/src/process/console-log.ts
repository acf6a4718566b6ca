import { createWriteStream, statSync, type WriteStream } from 'node:fs';
import type { Socket } from 'node:net';
import { whenClosed } from '@vmgrid/daemon';
import type { Restart } from '../production-line.ts';

export const MAX_CONSOLE_BYTES = 1_048_576;
/** Bytes at the end of the output that are kept. */
const LAST_BYTES = 4_096;
/** Linux prints one of these before it restarts, also with `quiet`. A guest can print it too, but harms only itself. */
const SIGNS = [
  ['asked', Buffer.from('reboot: Restarting system')],
  ['panic', Buffer.from('Kernel panic - not syncing')],
] as const satisfies readonly (readonly [Restart, Buffer])[];

/** Records a machine's console in a file, up to a limit, because a guest may print without end. */
export class ConsoleLog {
  readonly #socket: Socket;
  readonly #file: WriteStream;
  /** Resolves when all output is in the file. */
  readonly recorded: Promise<void>;
  /** Resolves when something was printed. */
  readonly spoken: Promise<void>;
  /** Called when the guest is about to restart. */
  onRestart: (how: Restart) => void = () => undefined;
  #left: number;
  #last = Buffer.alloc(0);

  constructor(socket: Socket, path: string) {
    this.#socket = socket;
    this.#left = MAX_CONSOLE_BYTES - (statSync(path, { throwIfNoEntry: false })?.size ?? 0);
    this.#file = createWriteStream(path, { flags: 'a', mode: 0o640 });
    this.#file.on('error', () => undefined);
    this.recorded = new Promise((resolve) => this.#file.once('close', resolve));
    socket.on('error', () => undefined);
    whenClosed(socket, () => this.#file.end());
    this.spoken = new Promise((resolve) => socket.once('data', () => resolve()));
    socket.on('data', (chunk: Buffer) => this.#record(chunk));
  }

  /** The last text that was printed. */
  get lastText(): string {
    return this.#last.toString('utf8');
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Past the limit it still reads: a guest must not stop because its console is full. */
  #record(chunk: Buffer): void {
    for (const [how, sign] of SIGNS) {
      if (Buffer.concat([this.#last.subarray(1 - sign.length), chunk]).includes(sign)) this.onRestart(how);
    }
    this.#last = Buffer.concat([this.#last, chunk]).subarray(-LAST_BYTES);
    if (this.#left <= 0) return;
    this.#file.write(chunk.subarray(0, this.#left));
    this.#left -= chunk.length;
  }
}
