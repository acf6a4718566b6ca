/**
 * The dialling side of links, for the upper and the lower end. It dials again whenever the link ends, until it is
 * closed.
 */
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import type { LinkLimits } from '../../limits.ts';
import type { LinkLog } from '../link-log.ts';
import { CLOSE } from '../link-socket.ts';
import type { DialCredentials } from '../link-trust.ts';
import { backOffMs } from './back-off.ts';
import { dialOnce, type SessionEnd } from './dial-once.ts';
import { linkAddress } from './link-address.ts';

/** `open` after the hello; `waiting` before the next attempt. */
export type LinkState = 'connecting' | 'open' | 'waiting' | 'closed';

/** A connection that was dialled. */
export interface Dialled<Who> {
  /** To be called after the hello. */
  opened(): void;
  readonly signal: AbortSignal;
  readonly who: Who;
}

export interface DiallingOptions<Who> {
  /** URL of the other end: http, https, ws or wss. Without a path, `/v1/link`. */
  readonly url: string;
  /** Uses one connection: calls `opened` after the hello, and ends on abort. Never rejects. */
  session(socket: WebSocket, dialled: Dialled<Who>): Promise<SessionEnd>;
  /** Called at every attempt, because credentials may be renewed. */
  credentials(): DialCredentials;
  /** Recognizes the other end. @throws when it is not trusted */
  recognize(response: IncomingMessage): Who;
  readonly log: LinkLog;
  /** [0, 1), for the jitter of the back-off. */
  random(): number;
  /** Closes the link. */
  readonly signal?: AbortSignal;
  readonly limits: LinkLimits;
  /** Called at every change of state. */
  changed?(state: LinkState): void;
}

/** Starts to dial at once and keeps dialling, with jittered exponential back-off, until closed. */
export class Dialling<Who> {
  readonly #options: DiallingOptions<Who>;
  readonly #url: string;
  readonly #closing = new AbortController();
  readonly #done: Promise<void>;
  #state: LinkState = 'connecting';

  constructor(options: DiallingOptions<Who>) {
    this.#options = options;
    this.#url = linkAddress(options.url);
    const close = () => this.#closing.abort();
    options.signal?.addEventListener('abort', close, { signal: this.#closing.signal });
    if (options.signal?.aborted) close();
    this.#done = this.#run();
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Ends the link for good; resolves when it is closed. */
  close(): Promise<void> {
    this.#closing.abort();
    return this.#done;
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#closing.signal.aborted) {
      this.#enter('connecting');
      let opened = false;
      const { reason, closeCode } = await this.#dial(() => {
        opened = true;
        this.#options.log.info({ url: this.#url }, 'the link is up');
        this.#enter('open');
      });
      if (this.#closing.signal.aborted) break;
      // Two bidders with the same id would replace each other for ever: they slow down as after failures.
      failures = opened && closeCode !== CLOSE.replaced ? 0 : failures + 1;
      await this.#waitAfter(failures, reason);
    }
    this.#enter('closed');
  }

  #dial(opened: () => void): Promise<SessionEnd> {
    const { signal } = this.#closing;
    const { limits, session, credentials, recognize } = this.#options;
    return dialOnce({ url: this.#url, limits, signal, credentials, recognize }, (socket, who) =>
      session(socket, { opened, signal, who }),
    );
  }

  async #waitAfter(failures: number, reason: string): Promise<void> {
    const { limits, log, random } = this.#options;
    const waitMs = backOffMs(failures, { minMs: limits.reconnectMinMs, maxMs: limits.reconnectMaxMs }, random);
    this.#enter('waiting');
    log.warn({ url: this.#url, reason, waitMs }, 'the link is down');
    await sleep(waitMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
  }

  #enter(state: LinkState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#options.changed?.(state);
  }
}
