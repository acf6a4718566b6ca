import type { Socket } from 'node:net';
import { abortable, whenClosed, within } from '@vmgrid/daemon';
import { readLines } from '@vmgrid/host';
import { exhaustionIn, GridError, late } from '@vmgrid/protocol';

const COMMAND_TIMEOUT_MS = 10_000;
const MAX_LINE_CHARS = 4_194_304;

/** An event of the QEMU Machine Protocol, such as SHUTDOWN or MIGRATION. */
export interface QmpEvent {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

interface Greeting {
  readonly QMP: unknown;
}
interface Reply {
  readonly id: number;
  readonly return?: unknown;
  readonly error?: { readonly class: string; readonly desc: string };
}
type Message = Greeting | Reply | { readonly event: string; readonly data?: Record<string, unknown> };

export interface CommandOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

/**
 * A conversation over QEMU's machine protocol (docs/interop/qmp-spec). There is one client per monitor socket.
 *
 *     connecting ──greeting, qmp_capabilities──► ready ──close of the socket──► closed
 *
 * QEMU closes its end only when it ends, so `closed` also tells that the machine has ended.
 */
export class QmpClient {
  /** Resolves when the other end is gone. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #greeting = Promise.withResolvers<void>();
  readonly #pending = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #listeners = new Set<(event: QmpEvent) => void>();
  #lastId = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => {
      whenClosed(socket, () => {
        this.#failPending();
        resolve();
      });
    });
    // The error of a broken connection says nothing that `close` does not.
    socket.on('error', () => undefined);
    this.#greeting.promise.catch(() => undefined);
    readLines(socket, MAX_LINE_CHARS, (line) => this.#receive(line));
  }

  /** Takes over a connected socket and enters command mode. */
  static async open(socket: Socket, options: CommandOptions): Promise<QmpClient> {
    const client = new QmpClient(socket);
    try {
      await client.#until(client.#greeting.promise, 'greeting', options);
      await client.execute('qmp_capabilities', {}, options);
      return client;
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  /**
   * Runs one command. Throws VMM_FAILED, or the code of an exhausted host, with QEMU's own words when QEMU refuses,
   * does not answer in time or ends meanwhile.
   */
  async execute(command: string, args: Record<string, unknown>, options: CommandOptions): Promise<unknown> {
    this.#lastId += 1;
    const id = this.#lastId;
    const reply = Promise.withResolvers<unknown>();
    reply.promise.catch(() => undefined);
    if (this.#socket.destroyed) throw connectionLost(command);
    this.#pending.set(id, reply);
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    try {
      return await this.#until(reply.promise, command, options);
    } finally {
      this.#pending.delete(id);
    }
  }

  /** Calls the listener with every event until the returned function is called. */
  onEvent(listener: (event: QmpEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Waits for the next event that `matches`. Call it before the command that causes the event: earlier events are not
   * seen.
   */
  async nextEvent(matches: (event: QmpEvent) => boolean, what: string, options: CommandOptions): Promise<QmpEvent> {
    const found = Promise.withResolvers<QmpEvent>();
    const stop = this.onEvent((event) => {
      if (matches(event)) found.resolve(event);
    });
    const lost = this.closed.then(() => {
      throw connectionLost(what);
    });
    try {
      return await this.#until(Promise.race([found.promise, lost]), what, options);
    } finally {
      stop();
    }
  }

  /** Closes the monitor; the machine keeps running. */
  close(): void {
    this.#socket.destroy();
  }

  #until<T>(
    work: Promise<T>,
    what: string,
    { signal, timeoutMs: ms = COMMAND_TIMEOUT_MS }: CommandOptions,
  ): Promise<T> {
    const silent = late('VMM_FAILED', `QEMU did not answer ${what}`, { command: what });
    return within({ signal, ms, late: silent }, (until) => abortable(work, until));
  }

  #receive(line: string): void {
    if (line.trim() === '') return;
    let message: Message;
    try {
      message = JSON.parse(line) as Message;
    } catch {
      // This is no QEMU that we know: treat it as gone.
      this.#socket.destroy();
      return;
    }
    if ('QMP' in message) this.#greeting.resolve();
    else if ('event' in message) this.#publish({ event: message.event, data: message.data ?? {} });
    else this.#settle(message);
  }

  #publish(event: QmpEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  #settle(reply: Reply): void {
    const waiting = this.#pending.get(reply.id);
    if (reply.error === undefined) waiting?.resolve(reply.return);
    else waiting?.reject(refused(reply.error));
  }

  #failPending(): void {
    this.#greeting.reject(connectionLost('greeting'));
    for (const reply of this.#pending.values()) reply.reject(connectionLost('a command'));
  }
}

const refused = ({ class: kind, desc }: NonNullable<Reply['error']>): GridError =>
  new GridError(exhaustionIn(desc) ?? 'VMM_FAILED', `QEMU: ${desc}`, { class: kind });

const connectionLost = (during: string): GridError =>
  new GridError('VMM_FAILED', `QEMU ended during ${during}`, { command: during });
