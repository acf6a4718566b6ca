import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { abortable } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import { readLines } from '../host/line-reader.ts';

/** A line of a report is at most this long; the rest of it is dropped. */
const MAX_LINE_CHARS = 131_072;
/** Lines kept for a reader that is behind; then the guest has to wait. */
const QUEUE_LINES = 1_000;

/**
 * Runs `"$@"` with its output on the report port, between a first and a last line that carry the run's token.
 * Without an inherited copy of the port: a daemon that a command leaves behind must not hold it open.
 */
export const REPORT_SCRIPT = `
for p in /sys/class/virtio-ports/*; do
  read -r n < "$p/name" && [ "$n" = org.vmgrid.report ] && break
done
exec 3> "/dev/\${p##*/}"
token=$1; shift
echo $$ > /run/vmgrid.run
echo "run $token" >&3
"$@" >&3 2>&3 3>&- < /dev/null
echo "ran $token $?" >&3
`;

/** Ends a run that nobody reads any more, with all it started: it would hold the report port, which only one can open. */
export const ABANDON_SCRIPT = `
end() {
  kill -STOP "$1"
  for child in $(cat "/proc/$1/task/$1/children"); do end "$child"; done
  kill -KILL "$1"
}
read -r run < /run/vmgrid.run && end "$run"
`;

type Run = { readonly token: string; state: 'announced' | 'started' };

/** The host's end of the port through which a guest reports, line by line, what a command in it prints. */
export class ReportChannel {
  readonly #socket: Socket;
  readonly #queue: string[] = [];
  #run: Run | undefined;
  #wake: () => void = () => undefined;
  #closed = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.once('close', () => {
      this.#closed = true;
      this.#wake();
    });
    readLines(socket, MAX_LINE_CHARS, (line) => this.#receive(line));
  }

  /** Prepares for the lines of one run; lines of an earlier, abandoned one are dropped. Returns the run's token. */
  announce(): string {
    const token = randomBytes(12).toString('hex');
    this.#queue.length = 0;
    this.#socket.resume();
    this.#run = { token, state: 'announced' };
    return token;
  }

  /** The lines of the announced run until it ends. GUEST_LOST when the machine ends first. */
  async *lines(signal: AbortSignal): AsyncGenerator<string, void, undefined> {
    const last = `ran ${this.#run?.token} `;
    for (;;) {
      const line = await this.#next(signal);
      if (line.startsWith(last)) return;
      yield line;
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  async #next(signal: AbortSignal): Promise<string> {
    for (;;) {
      signal.throwIfAborted();
      const line = this.#queue.shift();
      if (line !== undefined) {
        if (this.#queue.length === 0) this.#socket.resume();
        return line;
      }
      if (this.#closed) throw new GridError('GUEST_LOST', 'the machine ended while a command ran in it');
      const more = Promise.withResolvers<void>();
      this.#wake = more.resolve;
      await abortable(more.promise, signal);
    }
  }

  #receive(text: string): void {
    const run = this.#run;
    if (run === undefined) return;
    const line = text.endsWith('\r') ? text.slice(0, -1) : text;
    if (run.state === 'announced') {
      if (line === `run ${run.token}`) run.state = 'started';
      return;
    }
    this.#queue.push(line);
    if (this.#queue.length >= QUEUE_LINES) this.#socket.pause();
    this.#wake();
  }
}
