import { randomInt } from 'node:crypto';
import type { Socket } from 'node:net';
import { abortable, endsWithin, whenClosed, within } from '@vmgrid/daemon';
import { readLines } from '@vmgrid/host';
import { GridError, late } from '@vmgrid/protocol';

const COMMAND_TIMEOUT_MS = 20_000;
/**
 * A sync is sent again after this long, and each time after a fifth longer, to the most: what was sent before the agent
 * opened its port is lost. So an agent that is soon there is soon heard, and one that is long in coming has few to
 * answer.
 */
const SYNC_AGAIN_MS = { first: 100, growth: 1.2, most: 500 } as const;
/** ... and after this long once an earlier one was answered: the agent is there, and slower than that. */
const SYNC_LATE_MS = 5_000;
const longerThan = (waitMs: number): number => Math.min(Math.round(waitMs * SYNC_AGAIN_MS.growth), SYNC_AGAIN_MS.most);
const MAX_LINE_CHARS = 1_048_576;
/**
 * Lines that are looked at for one answer: replies to an earlier reader may come before it, but a guest may also write
 * without end.
 */
const LINES_PER_ANSWER = 1_000;
/** Characters of what an agent says that a message shows. */
const SAID_CHARS = 1_000;
/** Makes the agent drop a half-read command of an earlier host. */
const RESET = Buffer.from([0xff]);

interface Reply {
  readonly return?: unknown;
  readonly error?: { readonly desc?: unknown } | null;
}

/**
 * A conversation with the QEMU guest agent. The channel has no notion of a connection and answers in order, so one
 * command is under way at a time, and `synchronize` comes first: replies to an earlier reader may still be in the
 * channel. After a command that was given up it comes again, by itself.
 */
export class QgaClient {
  readonly #writer: Socket;
  readonly #reader: Socket;
  /**
   * Aborts when the machine ends. Not a promise: each wait would leave something at it, however long the machine runs.
   */
  readonly #closed = new AbortController();
  /** Whether it is the reply that is waited for. */
  #takes: (reply: Reply) => boolean = () => false;
  /** That are looked at before the one that is waited for. */
  #linesLeft = 0;
  #turn: Promise<unknown> = Promise.resolve();
  /** Whether the answer to a command that was given up may still come. */
  #answerOwed = false;

  /** The writer is left out when the reader writes too. */
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

  /** Waits until the agent answers to a number made up for this call. Only the signal ends it. */
  synchronize(signal: AbortSignal): Promise<void> {
    return this.#inTurn(() => this.#synchronizeNow(signal));
  }

  /** Runs one command of the agent. GUEST_UNREACHABLE when it stays silent, GUEST_LOST when the machine ends. */
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

  /** Answers come in order: with that to the last sync, no other is on its way. */
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

  /** Whether the answer came in time. @throws the signal's reason; GUEST_LOST */
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

  /** The 0xFF before a delimited reply is no UTF-8 and comes out as a replacement character. */
  #onLine(line: string): void {
    if (this.#linesLeft === 0) return;
    this.#linesLeft -= 1;
    const text = line.slice(line.lastIndexOf('\ufffd') + 1).trim();
    if (text === '') return;
    const reply = parsed(text);
    if (typeof reply === 'object' && reply !== null && this.#takes(reply)) this.#linesLeft = 0;
  }
}

/** Undefined for the tail of a reply to an earlier reader. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
