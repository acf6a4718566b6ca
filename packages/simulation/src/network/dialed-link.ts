import type { BidderEvents, LinkClient, LinkState } from '@vmgrid/protocol';
import type { Session } from './session.ts';

export interface DialedLinkDeps {
  deliver<E extends keyof BidderEvents>(session: Session, event: E, value: BidderEvents[E]): void;
  end(session: Session, reason: string): void;
  /** Resolves in a later event. */
  pause(): Promise<void>;
}

/** The lower end of a link, over its present session. */
export class DialedLink implements LinkClient {
  readonly #deps: DialedLinkDeps;
  #session: Session | undefined;

  constructor(deps: DialedLinkDeps) {
    this.#deps = deps;
  }

  get state(): LinkState {
    return this.#session === undefined ? 'connecting' : 'open';
  }

  opened(session: Session): void {
    this.#session = session;
  }

  ended(session: Session): void {
    if (this.#session === session) this.#session = undefined;
  }

  notify<E extends keyof BidderEvents>(event: E, value: BidderEvents[E]): boolean {
    const session = this.#session;
    if (session === undefined) return false;
    const lost = () => this.#deps.end(session, 'a notice was lost');
    session.notify(value, (arrived) => this.#deps.deliver(session, event, arrived), lost);
    return true;
  }

  /** The network accepts everything at once. */
  async flushed(): Promise<boolean> {
    const session = this.#session;
    await this.#deps.pause();
    return session !== undefined && this.#session === session;
  }

  reset(reason: string): void {
    if (this.#session) this.#deps.end(this.#session, reason);
  }

  /** Links are never closed here: processes are killed. */
  async close(): Promise<void> {
    this.reset('closed');
  }
}
