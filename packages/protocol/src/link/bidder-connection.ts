import type { WebSocket } from 'ws';
import { GridError } from '../errors/grid-error.ts';
import { validate } from '../schema/validator.ts';
import type { Hello, LinkApi } from './bidder.ts';
import type { SessionEnd } from './dial-once.ts';
import type { Bidder, CallOptions, LinkListener } from './link.ts';
import { LinkPeer, type PeerOptions } from './link-peer.ts';
import { CLOSE } from './link-socket.ts';
import type { LinkIdentity } from './link-trust.ts';
import { EVENT_SCHEMAS, HELLO, HelloSchema, isBidderEvent, METHOD_SCHEMAS } from './method-schemas.ts';

export interface ConnectionOwner {
  /** A bidder of this id is about to join: ends the link of any other of the same id. */
  joining(plantId: string): void;
  ended(connection: BidderConnection, end: SessionEnd): void;
}

const AWARD: keyof LinkApi = 'create';

/** One connection at the upper end: nameless until its hello, then a bidder until it ends. */
export class BidderConnection {
  readonly #peer: LinkPeer;
  readonly #who: LinkIdentity;
  readonly #listener: LinkListener;
  readonly #owner: ConnectionOwner;
  readonly #helloTimer: NodeJS.Timeout;
  #bidder: Bidder | undefined;

  constructor(
    socket: WebSocket,
    who: LinkIdentity,
    listener: LinkListener,
    owner: ConnectionOwner,
    options: Omit<PeerOptions, 'lost' | 'credentials'>,
  ) {
    this.#who = who;
    this.#listener = listener;
    this.#owner = owner;
    const { helloMs } = options.limits;
    this.#helloTimer = setTimeout(() => this.close(CLOSE.protocol, `no hello within ${helloMs} ms`), helloMs);
    this.#peer = new LinkPeer(
      socket,
      {
        called: async (method, params) => this.#called(method, params),
        noticed: (method, params) => this.#noticed(method, params),
        heard: () => this.#bidder !== undefined && listener.heard(this.#bidder),
        ended: (reason, closeCode) => this.#ended({ reason, closeCode }),
      },
      { ...options, credentials: who, lost: (reason) => this.#lost(reason) },
    );
  }

  /** Undefined until the hello. */
  get bidder(): Bidder | undefined {
    return this.#bidder;
  }

  close(code: number, reason: string): void {
    this.#peer.close(code, reason);
  }

  #called(method: string, params: unknown): object {
    if (method !== HELLO || this.#bidder !== undefined) {
      throw new GridError('LINK_PROTOCOL', `a bidder calls ${HELLO} once and nothing else; it called ${method}`);
    }
    const hello: Hello = validate(HelloSchema, params, { code: 'LINK_PROTOCOL', subject: HELLO });
    this.#requireItself(hello);
    clearTimeout(this.#helloTimer);
    const bidder: Bidder = {
      plantId: hello.plantId,
      hello,
      call: (name, request, options) => this.#call(name, request, options),
    };
    this.#owner.joining(hello.plantId);
    this.#bidder = bidder;
    this.#listener.joined(bidder);
    return {};
  }

  /** Nobody takes another's place. @throws GridError FORBIDDEN */
  #requireItself(hello: Hello): void {
    if (this.#who.mayBe(hello)) return;
    const { plantId, role = 'plant' } = hello;
    const message = `the credentials ${this.#who.name} are not those of the ${role} ${plantId}`;
    throw new GridError('FORBIDDEN', message, { plantId, credentials: this.#who.name });
  }

  async #call<M extends keyof LinkApi>(
    method: M,
    request: Parameters<LinkApi[M]>[0],
    options: CallOptions,
  ): Promise<ReturnType<LinkApi[M]>> {
    if (method === AWARD) await this.#requireAlive();
    const reply = await this.#peer.call(method, request, options);
    const subject = `answer of ${this.#bidder?.plantId} to ${method}`;
    return validate(METHOD_SCHEMAS[method].reply, reply, { code: 'LINK_PROTOCOL', subject }) as ReturnType<LinkApi[M]>;
  }

  /** An award to one that hangs would hang with it, while others would do. */
  async #requireAlive(): Promise<void> {
    if (await this.#peer.isAlive()) return;
    const { plantId } = this.#bidder!;
    this.#listener.silent?.(this.#bidder!);
    const message = `${plantId} does not answer a ping: it was not asked`;
    throw new GridError('PLANT_LOST', message, { plantId, asked: false });
  }

  #noticed(event: string, value: unknown): void {
    if (this.#bidder === undefined) throw new GridError('LINK_PROTOCOL', `${event} came before ${HELLO}`);
    if (!isBidderEvent(event)) throw new GridError('LINK_PROTOCOL', `${event} is no event of a bidder`);
    const known = validate(EVENT_SCHEMAS[event], value, { code: 'LINK_PROTOCOL', subject: event });
    this.#listener.notified(this.#bidder, event, known as never);
  }

  #lost(reason: string): GridError {
    const plantId = this.#bidder?.plantId ?? 'a bidder without hello';
    return new GridError('PLANT_LOST', `the link to ${plantId} ended: ${reason}`, { plantId, reason });
  }

  #ended(end: SessionEnd): void {
    clearTimeout(this.#helloTimer);
    this.#owner.ended(this, end);
    if (this.#bidder !== undefined) this.#listener.left(this.#bidder, end.reason);
  }
}
