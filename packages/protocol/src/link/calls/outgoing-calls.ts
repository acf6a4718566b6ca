import { GridError } from '../../errors/grid-error.ts';
import type { CallOptions } from '../link.ts';
import type { SendOutcome } from '../link-socket.ts';
import { CANCEL, type Cancel, callText, noticeText } from '../messages.ts';
import type { LinkText } from './shared-params.ts';
import { whenAborted } from './when-aborted.ts';

/** Beyond this `setTimeout` fires at once. */
const TIMER_MAX_MS = 2 ** 31 - 1;

interface PendingCall {
  resolve(result: unknown): void;
  reject(error: GridError): void;
}

export interface OutgoingCallsOptions {
  readonly pendingCalls: number;
  readonly messageBytes: number;
  /** Makes the error of calls that the end of the link cuts off. */
  lost(reason: string): GridError;
}

/** Calls made over one link that wait for their answers. */
export class OutgoingCalls {
  readonly #send: (text: LinkText) => SendOutcome;
  readonly #options: OutgoingCallsOptions;
  readonly #pending = new Map<number, PendingCall>();
  #nextId = 1;
  #endedBy: string | undefined;

  constructor(send: (text: LinkText) => SendOutcome, options: OutgoingCallsOptions) {
    this.#send = send;
    this.#options = options;
  }

  /**
   * Rejects with the error that the other end answered, DEADLINE_EXCEEDED, CANCELLED, OVERLOADED, BODY_TOO_LARGE, or
   * the error of a lost link.
   */
  async call(method: string, params: unknown, { deadlineMs, signal }: CallOptions): Promise<unknown> {
    if (signal?.aborted) throw cancelled(method, signal);
    const id = this.#nextId++;
    this.#sendCall(id, method, params);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#pending.set(id, { resolve, reject });
    const giveUp = (error: GridError): void => {
      if (this.#pending.has(id)) this.#send(noticeText(CANCEL, { id, code: cancelCode(error) } satisfies Cancel));
      reject(error);
    };
    const onAbort = (): void => giveUp(cancelled(method, signal));
    const timer = setTimeout(() => giveUp(late(method, deadlineMs)), Math.min(deadlineMs, TIMER_MAX_MS));
    const stopListening = signal && whenAborted(signal, onAbort);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      stopListening?.();
      this.#pending.delete(id);
    }
  }

  /** Gives an answer to its call. The answer to a call that was given up is dropped. */
  settle(id: number, answer: { readonly result: unknown } | { readonly error: GridError }): void {
    const call = this.#pending.get(id);
    this.#pending.delete(id);
    if ('error' in answer) call?.reject(answer.error);
    else call?.resolve(answer.result);
  }

  /** Called when the link has ended: every waiting call fails, and so does each later one. */
  end(reason: string): void {
    this.#endedBy ??= reason;
    const calls = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of calls) reject(this.#options.lost(reason));
  }

  #sendCall(id: number, method: string, params: unknown): void {
    const { pendingCalls, messageBytes } = this.#options;
    if (this.#endedBy !== undefined) throw this.#options.lost(this.#endedBy);
    if (this.#pending.size >= pendingCalls) {
      const message = `${method}: ${this.#pending.size} calls wait on this link, the limit is ${pendingCalls}`;
      throw new GridError('OVERLOADED', message, { method, pendingCalls });
    }
    switch (this.#send(callText(id, method, params))) {
      case 'sent':
        return;
      case 'too-large':
        throw new GridError(
          'BODY_TOO_LARGE',
          `${method}: the message is over the link's limit of ${messageBytes} bytes`,
        );
      case 'overloaded':
        throw new GridError('OVERLOADED', `${method}: the other end reads too slowly`, { method });
      case 'ended':
        throw this.#options.lost('the link is closing');
    }
  }
}

function cancelCode({ code }: GridError): Cancel['code'] {
  return code === 'DEADLINE_EXCEEDED' ? code : 'CANCELLED';
}

function late(method: string, deadlineMs: number): GridError {
  return new GridError('DEADLINE_EXCEEDED', `${method} had no answer within ${deadlineMs} ms`, { method, deadlineMs });
}

/** Returns the caller's own reason when it is a GridError, else CANCELLED. */
function cancelled(method: string, signal: AbortSignal | undefined): GridError {
  if (signal?.reason instanceof GridError) return signal.reason;
  return new GridError('CANCELLED', `${method} was cancelled by its caller`, { method }, { cause: signal?.reason });
}
