/**
 * A WebSocket as a link uses it: text messages within limits, heartbeats both ways, and one reason for its end. `ws`
 * buffers without a limit, so a message beyond the buffer limit is refused here, and a peer that does not read is cut
 * off.
 */
import type { RawData, WebSocket } from 'ws';
import type { LinkLimits } from '../limits.ts';
import type { LinkText } from './calls/shared-params.ts';

export interface LinkSocketEvents {
  message(text: string): void;
  /** Whether the credentials of the other end are still valid. */
  isWelcome(): boolean;
  /** Called when anything arrives, heartbeats included. */
  heard(): void;
  /** Called once, with the first cause. */
  ended(reason: string, closeCode: number): void;
}

export type SendOutcome = 'sent' | 'too-large' | 'overloaded' | 'ended';

/** Close codes: RFC 6455, section 7.4.1, and our own from 4000. */
export const CLOSE = {
  goingAway: 1001,
  noReason: 1005,
  abnormal: 1006,
  protocol: 1008,
  replaced: 4001,
} as const;

/** Bytes for the reason in a close frame (RFC 6455, section 5.5). */
const REASON_BYTES = 123;

export class LinkSocket {
  readonly #socket: WebSocket;
  readonly #events: LinkSocketEvents;
  readonly #limits: LinkLimits;
  readonly #heartbeat: NodeJS.Timeout;
  #heardAt = performance.now();
  /** Heartbeat intervals since the other end last sent something. */
  #quietBeats = 0;
  /** Whether that last sign of life has not been used by a caller yet. */
  #isVouchedFor = true;
  /** When the other end last sent something unasked, that is, not the answer to a ping. */
  #spokenAt = Number.NEGATIVE_INFINITY;
  #overloadedBeats = 0;
  #ended = false;
  /** Callers that wait for a sign of life, in their order. */
  readonly #waiting = new Set<(isAlive: boolean) => void>();

  constructor(socket: WebSocket, events: LinkSocketEvents, limits: LinkLimits) {
    this.#socket = socket;
    this.#events = events;
    this.#limits = limits;
    this.#heartbeat = setInterval(() => this.#beat(), limits.heartbeatMs);
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    socket.on('ping', () => this.#hearUnasked());
    socket.on('pong', () => this.#noteLife());
    socket.on('error', (error) => this.#end(`the connection failed: ${error.message}`, CLOSE.abnormal));
    socket.on('close', (code, reason) => this.#end(closeText(code, reason.toString()), code));
  }

  get isEnded(): boolean {
    return this.#ended;
  }

  /** Pieces go as fragments of one message (RFC 6455, section 5.4). */
  send(text: LinkText): SendOutcome {
    if (this.#ended || this.#socket.readyState !== this.#socket.OPEN) return 'ended';
    const pieces = typeof text === 'string' ? [text] : text;
    const bytes = pieces.reduce((sum, piece) => sum + Buffer.byteLength(piece), 0);
    if (bytes > this.#limits.messageBytes) return 'too-large';
    if (this.#socket.bufferedAmount + bytes > this.#limits.bufferedBytes) return 'overloaded';
    for (const [index, piece] of pieces.entries()) {
      this.#socket.send(piece, { binary: false, fin: index === pieces.length - 1 });
    }
    return 'sent';
  }

  /** True when the other end has just sent something that no caller has relied on yet, or answers a ping in time. */
  async isAlive(): Promise<boolean> {
    if (this.#ended) return false;
    if (this.#isVouchedFor && performance.now() - this.#heardAt <= this.#limits.freshMs) {
      this.#isVouchedFor = false;
      return true;
    }
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), this.#limits.pingMs);
    this.#waiting.add(resolve);
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
    return await promise.finally(() => {
      clearTimeout(timer);
      this.#waiting.delete(resolve);
    });
  }

  /**
   * Resolves with true when everything sent before has gone to the network and other work has had its turn; with false
   * when the link has ended.
   */
  async flushed(): Promise<boolean> {
    if (this.#ended || this.#socket.readyState !== this.#socket.OPEN) return false;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#socket.ping(undefined, undefined, () => setImmediate(resolve));
    await promise;
    return !this.#ended;
  }

  /** Says goodbye, and destroys the socket when the other end does not close in time. */
  close(code: number, reason: string): void {
    if (this.#ended) return;
    this.#end(reason, code);
    this.#socket.close(code, reason.replace(/[^\x20-\x7e]/g, '?').slice(0, REASON_BYTES));
  }

  /** Destroys the socket without a handshake, for a peer that no longer answers. */
  terminate(reason: string): void {
    if (this.#ended) return;
    this.#end(reason, CLOSE.abnormal);
    this.#socket.terminate();
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#ended) return;
    this.#hearUnasked();
    if (isBinary) this.close(CLOSE.protocol, 'a binary message came, but the link carries text');
    else this.#events.message(data.toString());
  }

  #hearUnasked(): void {
    this.#spokenAt = performance.now();
    this.#noteLife();
  }

  #noteLife(): void {
    if (this.#ended) return;
    this.#heardAt = performance.now();
    this.#quietBeats = 0;
    const [first] = this.#waiting;
    this.#isVouchedFor = first === undefined;
    if (first) this.#waiting.delete(first);
    first?.(true);
    this.#events.heard();
  }

  #beat(): void {
    if (!this.#events.isWelcome()) {
      this.close(CLOSE.protocol, 'the credentials of the other end are no longer valid');
      return;
    }
    const silentMs = Math.round(performance.now() - this.#heardAt);
    this.#quietBeats++;
    // Count our own heartbeats too: a process that did not run for a while has not listened either.
    if (silentMs > this.#limits.silenceMs && this.#quietBeats * this.#limits.heartbeatMs >= this.#limits.silenceMs) {
      this.terminate(`silent for ${silentMs} ms, the limit is ${this.#limits.silenceMs} ms`);
      return;
    }
    const waiting = this.#socket.bufferedAmount;
    this.#overloadedBeats = waiting * 2 > this.#limits.bufferedBytes ? this.#overloadedBeats + 1 : 0;
    if (this.#overloadedBeats > 1) {
      this.terminate(`slow reader: ${waiting} bytes wait to be sent, the limit is ${this.#limits.bufferedBytes}`);
      return;
    }
    // the other end lives, and knows from our answers that we do
    if (performance.now() - this.#spokenAt < this.#limits.heartbeatMs) return;
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
  }

  #end(reason: string, closeCode: number): void {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#heartbeat);
    for (const resolve of this.#waiting) resolve(false);
    this.#destroyUnlessClosed();
    this.#events.ended(reason, closeCode);
  }

  #destroyUnlessClosed(): void {
    if (this.#socket.readyState === this.#socket.CLOSED) return;
    const force = setTimeout(() => this.#socket.terminate(), this.#limits.closeMs);
    this.#socket.once('close', () => clearTimeout(force));
  }
}

function closeText(code: number, reason: string): string {
  if (reason !== '') return reason;
  if (code === CLOSE.noReason || code === CLOSE.goingAway) return 'the other end closed the link';
  return code === CLOSE.abnormal ? 'the connection broke' : `the link was closed with code ${code}`;
}
