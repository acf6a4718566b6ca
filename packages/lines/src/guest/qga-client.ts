import { randomInt } from 'node:crypto';
import type { Socket } from 'node:net';
import { abortable, endsWithin, whenClosed, within } from '@vmgrid/daemon';
import { readLines } from '@vmgrid/host';
import { GridError, late } from '@vmgrid/protocol';

const COMMAND_TIMEOUT_MS = 20_000;
/**
 * Milliseconds between syncs: each interval is a fifth longer than the last, up to `most`. Text sent before the agent
 * opened its port is lost. So an agent that starts early answers early, and one that starts late has few syncs to
 * answer.
 */
const SYNC_AGAIN_MS = { first: 100, growth: 1.2, most: 500 } as const;
/** Milliseconds between syncs once an earlier one was answered: the agent runs, but needs more time. */
const SYNC_LATE_MS = 5_000;
const longerThan = (waitMs: number): number => Math.min(Math.round(waitMs * SYNC_AGAIN_MS.growth), SYNC_AGAIN_MS.most);
const MAX_LINE_CHARS = 1_048_576;
/**
 * Most lines that are read for one answer. Replies to an earlier reader may come first, but a guest may also write
 * without end.
 */
const LINES_PER_ANSWER = 1_000;
/** Characters of an agent's words that a message shows. */
const SAID_CHARS = 1_000;
/** Makes the agent drop a half-read command of an earlier host. */
const RESET = Buffer.from([0xff]);

interface Reply {
  readonly return?: unknown;
  readonly error?: { readonly desc?: unknown } | null;
}

/**
 * A conversation with the QEMU guest agent. The channel has no connections and answers in order, so one command runs at
 * a time. `synchronize` comes first, because replies to an earlier reader may still be in the channel; after a command
 * that was given up it happens automatically.
 */
export class QgaClient {
  readonly #writer: Socket;
  readonly #reader: Socket;
  /**
   * Aborts when the machine ends. It is no promise, because each wait would leave a reaction on it as long as the
   * machine runs.
   */
  readonly #closed = new AbortController();
  /** Whether a reply is the expected one. */
  #takes: (reply: Reply) => boolean = () => false;
  /** Lines that may still be read before the expected one. */
  #linesLeft = 0;
  #turn: Promise<unknown> = Promise.resolve();
  /** Whether the answer to an abandoned command may still come. */
  #answerOwed = false;

  /** Left out, the reader's socket also writes. */
  constructor(reader: Socket, writer: Socket = reader) {
    this.#writer = writer;
    this.#reader = reader;
    reader.on('error', () => undefined);
    writer.on('error', () => undefined);
    whenClosed(reader, () =>
      this.#closed.abort(new GridError('GUEST_LOST', 'the machine ended while its agent was asked')),
    );
    readLines(reader, MAX_LINE_CHARS, (line) => this.#onLine(line));
  }

  /** Waits until the agent answers with a number made up for this call. Only the signal ends the wait. */
  synchronize(signal: AbortSignal): Promise<void> {
    return this.#inTurn(() => this.#synchronizeNow(signal));
  }

  /** Runs one command of the agent. Throws GUEST_UNREACHABLE when it stays silent, GUEST_LOST when the machine ends. */
  execute(command: string, args: Record<string, unknown>, signal: AbortSignal): Promise<unknown> {
    return this.#inTurn(() => this.#executeNow(command, args, signal));
  }

  close(): void {
    this.#reader.destroy();
    this.#writer.destroy();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  /** Answers come in order: after the answer to the last sync no other is on its way. */
  async #synchronizeNow(signal: AbortSignal): Promise<void> {
    const asked = new Set<unknown>();
    let heard = false;
    for (let waitMs: number = SYNC_AGAIN_MS.first; ; waitMs = longerThan(waitMs)) {
      signal.throwIfAborted();
      const id = randomInt(1, 2 ** 31);
      const answered = Promise.withResolvers<void>();
      this.#expect(({ return: answer }) => {
        if (answer === id) answered.resolve();
        else if (asked.has(answer)) heard = true;
        return answer === id;
      });
      asked.add(id);
      this.#writer.write(RESET);
      this.#send('guest-sync-delimited', { id });
      if (await this.#inTime(answered.promise, waitMs, signal)) break;
      if (heard && (await this.#inTime(answered.promise, SYNC_LATE_MS, signal))) break;
    }
    this.#answerOwed = false;
  }

  /** Returns whether the answer came in time. @throws the signal's reason; GUEST_LOST */
  #inTime(answer: Promise<void>, ms: number, signal: AbortSignal): Promise<boolean> {
    return endsWithin({ ms, signal }, (until) => this.#orClosed(answer, until));
  }

  /** @throws GUEST_LOST, the signal's reason */
  #orClosed<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
    return abortable(answer, AbortSignal.any([signal, this.#closed.signal]));
  }

  async #executeNow(command: string, args: Record<string, unknown>, signal: AbortSignal): Promise<unknown> {
    signal.throwIfAborted();
    const silent = late('GUEST_UNREACHABLE', `the guest's agent did not answer ${command}`, { command });
    const limit = { ms: COMMAND_TIMEOUT_MS, signal, late: silent };
    const { error, ...reply } = await within(limit, (until) => this.#replyTo(command, args, until));
    if (error === undefined || error === null) return reply.return;
    const said = String(error.desc).slice(0, SAID_CHARS);
    throw new GridError('GUEST_UNREACHABLE', `the guest's agent refused ${command}: ${said}`, { command });
  }

  async #replyTo(command: string, args: Record<string, unknown>, signal: AbortSignal): Promise<Reply> {
    if (this.#answerOwed) await this.#synchronizeNow(signal);
    const answered = Promise.withResolvers<Reply>();
    this.#expect((reply) => {
      answered.resolve(reply);
      return true;
    });
    this.#answerOwed = true;
    this.#send(command, args);
    const reply = await this.#orClosed(answered.promise, signal);
    this.#answerOwed = false;
    return reply;
  }

  #send(execute: string, args: Record<string, unknown>): void {
    this.#writer.write(`${JSON.stringify({ execute, arguments: args })}\n`);
  }

  #expect(takes: (reply: Reply) => boolean): void {
    this.#takes = takes;
    this.#linesLeft = LINES_PER_ANSWER;
  }

  /** The byte 0xFF before a delimited reply is no UTF-8 and is decoded as a replacement character. */
  #onLine(line: string): void {
    if (this.#linesLeft === 0) return;
    this.#linesLeft -= 1;
    const text = line.slice(line.lastIndexOf('\ufffd') + 1).trim();
    if (text === '') return;
    const reply = parsed(text);
    if (typeof reply === 'object' && reply !== null && this.#takes(reply)) this.#linesLeft = 0;
  }
}

/** Returns undefined for the rest of a reply to an earlier reader. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
