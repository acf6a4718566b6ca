import type { WebSocket } from 'ws';
import { GridError } from '../errors/grid-error.ts';
import type { LinkLimits } from '../limits.ts';
import { validate } from '../schema/validation/validator.ts';
import { type CallHandler, IncomingCalls } from './calls/incoming-calls.ts';
import { OutgoingCalls } from './calls/outgoing-calls.ts';
import type { LinkText } from './calls/shared-params.ts';
import type { CallOptions } from './link.ts';
import type { LinkLog } from './link-log.ts';
import { CLOSE, LinkSocket } from './link-socket.ts';
import type { LinkCredentials } from './link-trust.ts';
import { CANCEL, Cancel, type LinkMessage, noticeText, parseMessage } from './messages.ts';

export interface PeerHandlers {
  readonly called: CallHandler;
  /** May throw a GridError, which ends the link. */
  noticed(method: string, params: unknown): void;
  heard(): void;
  ended(reason: string, closeCode: number): void;
}

export interface PeerOptions {
  readonly limits: LinkLimits;
  readonly log: LinkLog;
  /** Credentials of the other end. */
  readonly credentials: LinkCredentials;
  /** Makes the error of calls, in both directions, that the end of the link cuts off. */
  lost(reason: string): GridError;
}

/** One end of a link. Both ends may call and notify. A peer that violates the protocol is cut off. */
export class LinkPeer {
  readonly #socket: LinkSocket;
  readonly #handlers: PeerHandlers;
  readonly #outgoing: OutgoingCalls;
  readonly #incoming: IncomingCalls;

  constructor(socket: WebSocket, handlers: PeerHandlers, options: PeerOptions) {
    const { limits, log, lost } = options;
    this.#handlers = handlers;
    this.#socket = new LinkSocket(
      socket,
      {
        message: (text) => this.#receive(text),
        isWelcome: () => options.credentials.holds(),
        heard: () => handlers.heard(),
        ended: (reason, closeCode) => this.#end(reason, closeCode),
      },
      limits,
    );
    const send = (text: LinkText) => this.#socket.send(text);
    const cutOff = (reason: string) => this.#socket.terminate(reason);
    this.#outgoing = new OutgoingCalls(send, { ...limits, lost });
    this.#incoming = new IncomingCalls({ send, cutOff }, handlers.called, { ...limits, log, lost });
  }

  /** See `OutgoingCalls.call` for its errors. */
  call(method: string, params: unknown, options: CallOptions): Promise<unknown> {
    return this.#outgoing.call(method, params, options);
  }

  /**
   * Returns false when the notice was not sent: the link has ended, the other end reads too slowly, or the notice is
   * too large.
   */
  notify(method: string, params: unknown): boolean {
    return this.#socket.send(noticeText(method, params)) === 'sent';
  }

  /** Whether the other end has just sent something, or answers a ping. */
  isAlive(): Promise<boolean> {
    return this.#socket.isAlive();
  }

  /** See `LinkSocket.flushed`. */
  flushed(): Promise<boolean> {
    return this.#socket.flushed();
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  #receive(text: string): void {
    try {
      this.#dispatch(parseMessage(text));
    } catch (thrown) {
      if (!(thrown instanceof GridError)) throw thrown;
      this.#socket.close(CLOSE.protocol, thrown.message);
    }
  }

  #dispatch(message: LinkMessage): void {
    switch (message.kind) {
      case 'call':
        void this.#incoming.serve(message.id, message.method, message.params);
        return;
      case 'notice':
        if (message.method !== CANCEL) this.#handlers.noticed(message.method, message.params);
        else this.#incoming.cancel(validate(Cancel, message.params, { code: 'LINK_PROTOCOL', subject: CANCEL }));
        return;
      case 'result':
        this.#outgoing.settle(message.id, { result: message.result });
        return;
      case 'failure':
        this.#outgoing.settle(message.id, { error: GridError.fromBody(message.error.data) });
        return;
    }
  }

  #end(reason: string, closeCode: number): void {
    this.#outgoing.end(reason);
    this.#incoming.end(reason);
    this.#handlers.ended(reason, closeCode);
  }
}
