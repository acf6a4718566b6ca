import { GridError } from '../../errors/grid-error.ts';
import type { LinkLog } from '../link-log.ts';
import type { SendOutcome } from '../link-socket.ts';
import { type Cancel, failureText, resultText } from '../messages.ts';

/** Answers a call. The signal aborts with a GridError: CANCELLED, DEADLINE_EXCEEDED, or the error of a lost link. */
export type CallHandler = (method: string, params: unknown, signal: AbortSignal) => Promise<unknown>;

/** The link that the calls came over. */
export interface IncomingLink {
  send(text: string): SendOutcome;
  /** Ends the link of a peer that does not read its answers. */
  cutOff(reason: string): void;
}

export interface IncomingCallsOptions {
  readonly pendingCalls: number;
  readonly log: LinkLog;
  /** Makes the error that aborts the signals of running calls when the link ends. */
  lost(reason: string): GridError;
}

interface IncomingCall {
  readonly id: number;
  readonly method: string;
  readonly params: unknown;
}

/** Calls that arrived over one link and are being answered. */
export class IncomingCalls {
  readonly #link: IncomingLink;
  readonly #handler: CallHandler;
  readonly #options: IncomingCallsOptions;
  readonly #running = new Map<number, AbortController>();

  constructor(link: IncomingLink, handler: CallHandler, options: IncomingCallsOptions) {
    this.#link = link;
    this.#handler = handler;
    this.#options = options;
  }

  async serve(id: number, method: string, params: unknown): Promise<void> {
    const refusal = this.#refusal(id);
    if (refusal !== undefined) {
      this.#answer(method, failureText(id, refusal), id);
      return;
    }
    const controller = new AbortController();
    this.#running.set(id, controller);
    const answer = await this.#run({ id, method, params }, controller.signal);
    this.#running.delete(id);
    this.#answer(method, answer, id);
  }

  cancel({ id, code }: Cancel): void {
    const message = code === 'CANCELLED' ? 'the caller cancelled the call' : 'the deadline of the call has passed';
    this.#running.get(id)?.abort(new GridError(code, message));
  }

  end(reason: string): void {
    for (const controller of this.#running.values()) controller.abort(this.#options.lost(reason));
  }

  #refusal(id: number): GridError | undefined {
    const { pendingCalls } = this.#options;
    if (this.#running.has(id)) return new GridError('LINK_PROTOCOL', `the call id ${id} is in use`);
    if (this.#running.size < pendingCalls) return undefined;
    return new GridError('OVERLOADED', `${this.#running.size} calls run on this link, the limit is ${pendingCalls}`);
  }

  /** Returns the text of the answer. Never throws: a result that JSON cannot express is a fault of this side. */
  async #run({ id, method, params }: IncomingCall, signal: AbortSignal): Promise<string> {
    try {
      return resultText(id, await this.#handler(method, params, signal));
    } catch (thrown) {
      const error = GridError.from(thrown);
      if (error.code === 'INTERNAL') this.#options.log.error({ err: thrown, method }, 'a call over the link failed');
      return failureTextOf(id, error);
    }
  }

  #answer(method: string, text: string, id: number): void {
    const outcome = this.#link.send(text);
    if (outcome === 'too-large') {
      const error = new GridError('BODY_TOO_LARGE', `the answer to ${method} is over the link's limit`, { method });
      this.#link.send(failureText(id, error));
    }
    if (outcome === 'overloaded')
      this.#link.cutOff('slow reader: too much already waits to be sent for another answer');
  }
}

function failureTextOf(id: number, error: GridError): string {
  try {
    return failureText(id, error);
  } catch {
    return failureText(id, new GridError(error.code, error.message));
  }
}
