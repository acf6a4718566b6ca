/**
 * The lower end that dials: a plant or broker dials up, says hello, answers calls, and dials again when the link ends.
 */
import { LINK_LIMITS, type LinkLimits } from '../../limits.ts';
import type { BidderEvents } from '../bidder.ts';
import type { LinkAbove } from '../link.ts';
import type { LinkPeer } from '../link-peer.ts';
import { CLOSE } from '../link-socket.ts';
import type { LinkCredentials, LinkTrust } from '../link-trust.ts';
import { type LowerEnd, serveCalls } from '../lower-session.ts';
import { Dialling, type DiallingOptions, type LinkState } from './dialling.ts';

export interface DialLinkOptions
  extends LowerEnd,
    Omit<DiallingOptions<LinkCredentials>, 'session' | 'limits' | 'credentials' | 'recognize'> {
  readonly trust: LinkTrust;
  readonly limits?: Partial<LinkLimits>;
}

export interface LinkClient extends LinkAbove {
  readonly state: LinkState;
  /**
   * Resolves with true when everything sent before has gone to the network and other work has had its turn; with false
   * when the link has ended.
   */
  flushed(): Promise<boolean>;
  /** Ends the link for good; resolves when it is closed. */
  close(): Promise<void>;
}

/** Starts to dial at once and keeps dialling, with jittered exponential back-off, until closed. */
export function dialLink(options: DialLinkOptions): LinkClient {
  return new DialledLink(options);
}

class DialledLink implements LinkClient {
  readonly #dialling: Dialling<LinkCredentials>;
  #peer: LinkPeer | undefined;

  constructor(options: DialLinkOptions) {
    const limits: LinkLimits = { ...LINK_LIMITS, ...options.limits };
    this.#dialling = new Dialling({
      ...options,
      limits,
      credentials: () => options.trust.credentials(),
      recognize: (response) => options.trust.recognizeAbove(response),
      session: async (socket, { opened, signal, who: credentials }) => {
        const welcome = (peer: LinkPeer) => this.#open(peer, opened);
        const session = { upper: options.url, limits, credentials, signal, opened: welcome };
        return await serveCalls(socket, options, session).finally(() => this.#open(undefined));
      },
    });
  }

  get state(): LinkState {
    return this.#dialling.state;
  }

  notify<E extends keyof BidderEvents>(event: E, value: BidderEvents[E]): boolean {
    return this.#peer?.notify(event, value) ?? false;
  }

  async flushed(): Promise<boolean> {
    return (await this.#peer?.flushed()) ?? false;
  }

  reset(reason: string): void {
    this.#peer?.close(CLOSE.goingAway, reason);
  }

  close(): Promise<void> {
    return this.#dialling.close();
  }

  #open(peer: LinkPeer | undefined, opened?: () => void): void {
    this.#peer = peer;
    opened?.();
  }
}
