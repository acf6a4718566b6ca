/** The lower end of a link: a plant or broker dials up, says hello, answers calls, and dials again when the link ends. */
import { setTimeout as sleep } from 'node:timers/promises';
import { LINK_LIMITS, type LinkLimits } from '../limits.ts';
import { backOffMs } from './back-off.ts';
import type { BidderEvents, Hello } from './bidder.ts';
import { dialSession } from './dial-session.ts';
import type { BidderHandlers } from './link.ts';
import type { LinkLog } from './link-log.ts';
import type { LinkPeer } from './link-peer.ts';
import { CLOSE } from './link-socket.ts';
import { LINK_PATH } from './serve-link.ts';

/** `open` once the hello was answered; `waiting` before the next attempt. */
export type LinkState = 'connecting' | 'open' | 'waiting' | 'closed';

export interface DialLinkOptions {
  /** Of the shop or broker: http, https, ws or wss. Without a path, `/v1/link`. */
  readonly url: string;
  /** Asked at every attempt, so that the ad is fresh. */
  hello(): Hello;
  readonly handlers: BidderHandlers;
  readonly log: LinkLog;
  /** [0, 1), for the jitter of the back-off. */
  random(): number;
  /** Closes the link. */
  readonly signal?: AbortSignal;
  readonly limits?: Partial<LinkLimits>;
  /** Told of every change of state. */
  changed?(state: LinkState): void;
}

export interface LinkClient {
  readonly state: LinkState;
  /** False when the event was not sent: the link is not open, or the upper end reads too slowly. */
  notify<E extends keyof BidderEvents>(event: E, value: BidderEvents[E]): boolean;
  /** Ends the connection, if there is one, and dials anew. */
  reset(reason: string): void;
  /** Ends the link for good; resolves when nothing of it is left. */
  close(): Promise<void>;
}

/** Starts to dial at once and keeps dialling, with jittered exponential back-off, until closed. */
export function dialLink(options: DialLinkOptions): LinkClient {
  return new DialledLink(options);
}

class DialledLink implements LinkClient {
  readonly #options: DialLinkOptions;
  readonly #limits: LinkLimits;
  readonly #url: string;
  readonly #closing = new AbortController();
  readonly #done: Promise<void>;
  #state: LinkState = 'connecting';
  #peer: LinkPeer | undefined;

  constructor(options: DialLinkOptions) {
    this.#options = options;
    this.#limits = { ...LINK_LIMITS, ...options.limits };
    this.#url = webSocketUrl(options.url);
    const close = () => this.#closing.abort();
    options.signal?.addEventListener('abort', close, { signal: this.#closing.signal });
    if (options.signal?.aborted) close();
    this.#done = this.#run();
  }

  get state(): LinkState {
    return this.#state;
  }

  notify<E extends keyof BidderEvents>(event: E, value: BidderEvents[E]): boolean {
    return this.#peer?.notify(event, value) ?? false;
  }

  reset(reason: string): void {
    this.#peer?.close(CLOSE.goingAway, reason);
  }

  close(): Promise<void> {
    this.#closing.abort();
    return this.#done;
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#closing.signal.aborted) {
      this.#enter('connecting');
      let opened = false;
      const { reason, closeCode } = await this.#session(() => {
        opened = true;
      });
      if (this.#closing.signal.aborted) break;
      // Two bidders of one id would replace each other without end: they slow down as after failures.
      failures = opened && closeCode !== CLOSE.replaced ? 0 : failures + 1;
      await this.#waitAfter(failures, reason);
    }
    this.#enter('closed');
  }

  async #session(opened: () => void) {
    const { log, handlers } = this.#options;
    const end = await dialSession({
      url: this.#url,
      hello: () => this.#options.hello(),
      handlers,
      log,
      limits: this.#limits,
      signal: this.#closing.signal,
      opened: (peer) => {
        opened();
        this.#peer = peer;
        log.info({ url: this.#url }, 'the link is up');
        this.#enter('open');
      },
    });
    this.#peer = undefined;
    return end;
  }

  async #waitAfter(failures: number, reason: string): Promise<void> {
    const { reconnectMinMs, reconnectMaxMs } = this.#limits;
    const waitMs = backOffMs(failures, reconnectMinMs, reconnectMaxMs, this.#options.random);
    this.#enter('waiting');
    this.#options.log.warn({ url: this.#url, reason, waitMs }, 'the link is down');
    await sleep(waitMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
  }

  #enter(state: LinkState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#options.changed?.(state);
  }
}

function webSocketUrl(text: string): string {
  const url = new URL(text);
  url.protocol = url.protocol.replace(/^http/, 'ws');
  if (url.pathname === '/') url.pathname = LINK_PATH;
  return url.href;
}
