import type { WebSocket } from 'ws';
import { GridError } from '../../errors/grid-error.ts';
import type { Rival } from '../../schema/replies.ts';
import { validate } from '../../schema/validation/validator.ts';
import type { Hello, LinkApi } from '../bidder.ts';
import type { SessionEnd } from '../dialling/dial-once.ts';
import type { Bidder, CallOptions, LinkListener } from '../link.ts';
import { LinkPeer, type PeerOptions } from '../link-peer.ts';
import { CLOSE } from '../link-socket.ts';
import type { LinkIdentity } from '../link-trust.ts';
import { EVENT_SCHEMAS, HELLO, HelloSchema, isBidderEvent, METHOD_SCHEMAS, RIVAL } from '../method-schemas.ts';

export interface ConnectionOwner {
  /**
   * Called when a bidder is about to join. Ends the link of another bidder with the same id: at once, or first after
   * finding out whether it is alive. @throws GridError PLANT_ID_TAKEN when it is alive
   */
  joining(connection: BidderConnection, hello: Hello): Promise<void> | undefined;
  ended(connection: BidderConnection, end: SessionEnd): void;
}

export interface ConnectionDeps {
  readonly who: LinkIdentity;
  readonly listener: LinkListener;
  readonly owner: ConnectionOwner;
}

const AWARD: keyof LinkApi = 'create';

/** One connection at the upper end. It has no name until its hello; then it is a bidder until it ends. */
export class BidderConnection {
  readonly #peer: LinkPeer;
  readonly #who: LinkIdentity;
  readonly #listener: LinkListener;
  readonly #owner: ConnectionOwner;
  readonly #helloTimer: NodeJS.Timeout;
  #bidder: Bidder | undefined;
  #greeted = false;
  #isEnded = false;
  #joinedAt = '';

  constructor(
    socket: WebSocket,
    { who, listener, owner }: ConnectionDeps,
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
        called: (method, params) => this.#called(method, params),
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

  /** When the bidder joined, for messages to another that wants the same id. */
  get joinedAt(): string {
    return this.#joinedAt;
  }

  isAlive(): Promise<boolean> {
    return this.#peer.isAlive();
  }

  /** Tells the bidder that another with the same id was refused. */
  tellRival(rival: Rival, deadlineMs: number): void {
    this.#listener.refused?.(this.#bidder!, rival);
    this.#peer.call(RIVAL, rival, { deadlineMs }).catch(() => undefined); // it may be ending
  }

  async #called(method: string, params: unknown): Promise<object> {
    if (method !== HELLO || this.#greeted) {
      throw new GridError('LINK_PROTOCOL', `a bidder calls ${HELLO} once and nothing else; it called ${method}`);
    }
    const hello: Hello = validate(HelloSchema, params, { code: 'LINK_PROTOCOL', subject: HELLO });
    this.#requireItself(hello);
    this.#greeted = true;
    const room = this.#owner.joining(this, hello);
    if (room) await room;
    clearTimeout(this.#helloTimer); // one that was refused and stays is ended
    if (this.#isEnded) throw this.#lost('the link ended while the bidder joined');
    const bidder: Bidder = {
      plantId: hello.plantId,
      hello,
      call: (name, request, options) => this.#call(name, request, options),
    };
    this.#bidder = bidder;
    this.#joinedAt = new Date().toISOString();
    this.#listener.joined(bidder);
    return {};
  }

  /** Refuses a hello with a name other than that of the credentials. @throws GridError FORBIDDEN */
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

  /** Requires a sign of life before an award: an award to a hanging bidder would hang too, while others could win. */
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
    this.#isEnded = true;
    clearTimeout(this.#helloTimer);
    this.#owner.ended(this, end);
    if (this.#bidder !== undefined) this.#listener.left(this.#bidder, end.reason);
  }
}
