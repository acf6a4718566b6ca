import { randomBytes, randomInt } from 'node:crypto';
import type { Socket } from 'node:net';
import { abortable, whenClosed } from '@vmgrid/daemon';
import { lineSplitter } from '@vmgrid/host';
import { GridError } from '@vmgrid/protocol';
import type { GivenIdentity, Restart } from '../../production-line.ts';
import { MAX_LINE_CHARS, RunLines } from '../run-lines.ts';
import { ASK, encodeFields, encodeFrame, FILL, type Frame, FrameReader, TELL } from './frames.ts';

/**
 * What is known of the agent as its channel is opened. `waits`: it is in the memory that was restored. `boots`: it says
 * hello once it is up. `unknown`: another host may have been in the middle of a frame, or of a run.
 */
export type AgentStart = 'waits' | 'boots' | 'unknown';

/** The beginning of what an agent says of itself. */
const GREETING = 'vmgrid-agent 1 ';
/** Characters of a guest's words that a message shows. */
const SAID_CHARS = 1_000;
/** Most warnings of one identity. */
const MAX_WARNINGS = 16;
/** Ids of requests are below it. */
const MAX_ID = 2 ** 31;
const NEW_LINE = 0x0a;

interface IdentityRequest {
  readonly id: number;
  readonly given: PromiseWithResolvers<void>;
  readonly settled: PromiseWithResolvers<void>;
  readonly warnings: string[];
}

interface RunRequest {
  readonly id: number;
  readonly lines: RunLines;
  readonly split: (chunk: Buffer) => void;
  /** Whether its output so far ends in the middle of a line. */
  isAmidLine: boolean;
  refusal?: GridError;
}

/**
 * The host's end of the channel to the resident agent. There is one run at a time, which may be asked for before the
 * identity is settled. The guest is not trusted: what answers no request is dropped, and what does is bounded.
 */
export class AgentChannel {
  readonly #socket: Socket;
  readonly #reader = new FrameReader();
  readonly #closed = new AbortController();
  /** Resolves once the agent is up. */
  #up = Promise.withResolvers<void>();
  #isUp: boolean;
  /** Whether a command of an earlier host, or of a machine before its restart, may be under way. */
  #mayRun: boolean;
  #helloId: number | undefined;
  #identity: IdentityRequest | undefined;
  #run: RunRequest | undefined;
  #restart = Promise.withResolvers<Restart>();

  constructor(socket: Socket, start: AgentStart) {
    this.#socket = socket;
    this.#isUp = start === 'waits';
    this.#mayRun = start === 'unknown';
    socket.on('error', () => undefined);
    whenClosed(socket, () => this.#lose());
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    if (start === 'unknown') this.#greet();
  }

  /** Waits until the agent is up. Only the signal ends the wait. @throws GUEST_LOST; the signal's reason */
  async ready(signal: AbortSignal): Promise<void> {
    while (!this.#isUp) await this.#orLost(this.#up.promise, signal);
    signal.throwIfAborted();
  }

  /**
   * Gives the guest its identity. Resolves once its network may be opened. @throws GUEST_LOST when the machine ends,
   * GUEST_UNREACHABLE when the agent refuses or ends; the signal's reason
   */
  async identify(fields: readonly (string | Buffer)[], signal: AbortSignal): Promise<GivenIdentity> {
    const { given, settled, warnings } = this.#ask(ASK.identity, encodeFields(fields), signal);
    await this.#orLost(given.promise, signal);
    const isSettled = this.#orLost(settled.promise, signal);
    isSettled.catch(() => undefined); // whoever waits for it hears of it
    return { warnings, settled: isSettled };
  }

  /**
   * Prepares the guest for its clones, before it is frozen with its memory. @throws GUEST_LOST, GUEST_UNREACHABLE; the
   * signal's reason
   */
  async prepare(signal: AbortSignal): Promise<void> {
    const { settled } = this.#ask(ASK.prepare, Buffer.alloc(0), signal);
    await this.#orLost(settled.promise, signal);
  }

  /**
   * Runs a command and yields its output, line by line, until it ends. Throws GUEST_LOST when the machine ends first,
   * GUEST_RESTARTED when it restarts, GUEST_UNREACHABLE when it cannot be started or prints more than it may.
   */
  async *run(command: readonly string[], signal: AbortSignal): AsyncGenerator<string, void, undefined> {
    const lines = new RunLines(this.#socket);
    const split = lineSplitter(MAX_LINE_CHARS, (line) => {
      if (lines.countLine()) lines.push(line);
    });
    const request: RunRequest = { id: randomInt(1, MAX_ID), lines, split, isAmidLine: false };
    this.#run = request;
    this.#restart = Promise.withResolvers();
    if (this.#mayRun) this.#send(0, ASK.end, Buffer.alloc(0));
    this.#send(request.id, ASK.run, encodeFields(command));
    this.#mayRun = true;
    try {
      yield* lines.read(signal, this.#closed.signal);
      this.#mayRun = false;
      if (request.refusal) throw request.refusal;
    } finally {
      if (this.#run === request) this.#run = undefined;
      if (this.#mayRun && this.#isUp) this.#send(request.id, ASK.end, Buffer.alloc(0));
      lines.drop();
    }
  }

  /** Call it when the machine was reset: its processes are gone. */
  guestRestarted(how: Restart): void {
    this.#reader.forget();
    // A machine may be reset twice for one restart: whoever waits already waits on.
    if (this.#isUp) this.#up = Promise.withResolvers();
    this.#isUp = false;
    this.#mayRun = true; // what was sent to the one before may yet be read
    this.#restart.resolve(how);
    this.#run?.lines.cut();
    this.#fail(new GridError('GUEST_RESTARTED', 'the guest restarted while it was given its identity'));
  }

  /** Resolves once that was told since the last run began. @throws GUEST_LOST; the signal's reason */
  restarted(signal: AbortSignal): Promise<Restart> {
    return this.#orLost(this.#restart.promise, signal);
  }

  close(): void {
    this.#socket.destroy();
  }

  #ask(type: number, content: Buffer, signal: AbortSignal): IdentityRequest {
    signal.throwIfAborted();
    const [given, settled] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    for (const { promise } of [given, settled]) promise.catch(() => undefined);
    const request: IdentityRequest = { id: randomInt(1, MAX_ID), given, settled, warnings: [] };
    this.#identity = request;
    this.#send(request.id, type, content);
    return request;
  }

  #greet(): void {
    this.#helloId = randomInt(1, MAX_ID);
    this.#socket.write(FILL);
    this.#send(this.#helloId, ASK.hello, randomBytes(8));
  }

  #lose(): void {
    this.#closed.abort(new GridError('GUEST_LOST', 'the machine ended while its agent was asked'));
    this.#run?.lines.wake();
  }

  #orLost<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
    return abortable(work, AbortSignal.any([signal, this.#closed.signal]));
  }

  #send(id: number, type: number, content: Buffer): void {
    this.#socket.write(encodeFrame({ id, type, content }));
  }

  #receive(chunk: Buffer): void {
    this.#run?.lines.countBytes(chunk.length);
    for (const frame of this.#reader.read(chunk)) this.#take(frame);
  }

  #take(frame: Frame): void {
    if (frame.type === TELL.hello) this.#hear(frame);
    else if (this.#run?.id === frame.id) answerRun(this.#run, frame);
    else if (this.#identity?.id === frame.id) answerIdentity(this.#identity, frame);
  }

  /** An agent that says hello by itself has just started: it knows nothing of what the one before it did. */
  #hear({ id, content }: Frame): void {
    if (!content.subarray(0, GREETING.length).equals(Buffer.from(GREETING))) return;
    if (id !== 0 && id !== this.#helloId) return;
    this.#isUp = true;
    this.#up.resolve();
    if (id !== 0) return;
    this.#run?.lines.end();
    this.#fail(new GridError('GUEST_UNREACHABLE', "the guest's agent ended as it gave the guest its identity"));
  }

  #fail(error: GridError): void {
    this.#identity?.given.reject(error);
    this.#identity?.settled.reject(error);
  }
}

function answerRun(run: RunRequest, { type, content }: Frame): void {
  switch (type) {
    case TELL.output:
      run.split(content);
      run.isAmidLine = content.at(-1) !== NEW_LINE;
      break;
    case TELL.refused:
      run.refusal = refused(content);
      run.lines.end();
      break;
    case TELL.exit:
      if (run.isAmidLine) run.split(Buffer.of(NEW_LINE));
      run.lines.end();
  }
}

function answerIdentity({ given, settled, warnings }: IdentityRequest, { type, content }: Frame): void {
  switch (type) {
    case TELL.identity:
      given.resolve();
      break;
    case TELL.settled:
      settled.resolve();
      break;
    case TELL.refused:
      for (const one of [given, settled]) one.reject(refused(content));
      break;
    case TELL.warning:
      if (warnings.length < MAX_WARNINGS) warnings.push(saidIn(content));
  }
}

const saidIn = (content: Buffer): string => content.toString('utf8', 0, 4 * SAID_CHARS).slice(0, SAID_CHARS);
const refused = (content: Buffer): GridError =>
  new GridError('GUEST_UNREACHABLE', `the guest's agent refused what it was asked for: ${saidIn(content)}`);
