/** All links of the grid: who listens, who dials, and how each end learns that the other has gone. */
import type { BidderHandlers, Hello, LinkClient, LinkListener } from '@vmgrid/protocol';
import type { World } from '../world/world.ts';
import { DialedLink } from './dialed-link.ts';
import type { Network } from './network.ts';
import { type End, Session } from './session.ts';
import { Sessions } from './sessions.ts';

/** Milliseconds of virtual time until sent data have left the process. */
const FLUSH_MS = 1;

export interface FabricOptions {
  /** Milliseconds of silence after which an end takes the link for ended. */
  readonly silenceMs: number;
  /** Milliseconds between attempts to dial. */
  readonly redialMs: number;
}

interface Upper extends End {
  readonly listener: LinkListener;
}

/** An end that dials. */
export interface Lower extends End {
  readonly handlers: BidderHandlers;
  readonly hello: () => Hello;
  /** Called for each link that comes up. */
  readonly opened?: (link: LinkClient) => void;
}

interface Dialed {
  readonly lower: Lower;
  readonly upperName: string;
  readonly link: DialedLink;
}

export class Fabric {
  readonly #world: World;
  readonly #network: Network;
  readonly #options: FabricOptions;
  readonly #uppers = new Map<string, Upper>();
  readonly #sessions = new Sessions<Dialed>();

  constructor(world: World, network: Network, options: FabricOptions) {
    this.#world = world;
    this.#network = network;
    this.#options = options;
  }

  listen(upper: Upper): void {
    this.#uppers.set(upper.name, upper);
  }

  /** Dials an upper end, and again whenever the link ends, as long as the process lives. */
  dial(lower: Lower, upperName: string): LinkClient {
    const link = new DialedLink({
      deliver: (session, event, value) => {
        this.#uppers.get(upperName)?.listener.notified(session, event, value);
      },
      end: (session, reason) => this.#end(session, reason),
      pause: () => lower.life.clock.sleep(FLUSH_MS),
    });
    this.#attempt({ lower, upperName, link });
    return link;
  }

  /** A process was killed: its host tells the other ends, if the network lets it. */
  killed(end: End): void {
    for (const session of this.#sessions.of(end)) {
      const { upper, lower } = session.ends;
      const ms = this.#network.connects(upper.name, lower.name) ? this.#network.latencyMs() : this.#options.silenceMs;
      this.#world.schedule(ms, () => this.#end(session, 'the other end is gone'));
    }
  }

  /** The network was split: the ends of a cut link notice it, unless the network is joined before. */
  cut(): void {
    this.#world.schedule(this.#options.silenceMs, () => {
      for (const session of this.#sessions.all()) {
        const { upper, lower } = session.ends;
        if (!this.#network.connects(upper.name, lower.name)) this.#end(session, 'nothing was heard for too long');
      }
    });
  }

  #attempt(dialed: Dialed): void {
    const { lower, upperName } = dialed;
    let isOver = false;
    const hello = lower.hello();
    const takeBack = lower.life.after(this.#options.silenceMs, () => {
      isOver = true;
      this.#redial(dialed);
    });
    this.#network.send({ from: lower.name, to: upperName, lastDueAt: 0 }, () => {
      const upper = this.#uppers.get(upperName);
      if (!upper?.life.isAlive || !lower.life.isAlive || isOver) return;
      isOver = true;
      takeBack();
      this.#open(upper, dialed, hello);
    });
  }

  #open(upper: Upper, dialed: Dialed, hello: Hello): void {
    const { lower, link } = dialed;
    for (const older of this.#sessions.dialedBy(lower.name)) {
      if (older.ends.upper.life === upper.life) this.#end(older, 'a newer link took its place');
    }
    const session = new Session({ world: this.#world, network: this.#network, upper, lower, hello });
    this.#sessions.add(session, dialed);
    this.#world.note(`linked ${lower.name} > ${upper.name}`);
    upper.listener.joined(session);
    link.opened(session);
    lower.opened?.(link);
  }

  #end(session: Session, reason: string): void {
    const dialed = this.#sessions.remove(session);
    if (!dialed) return;
    const { upper, lower } = session.ends;
    this.#world.note(`unlinked ${lower.name} > ${upper.name}`);
    session.end(reason);
    dialed.link.ended(session);
    if (upper.life.isAlive) this.#uppers.get(upper.name)?.listener.left(session, reason);
    if (lower.life.isAlive) this.#redial(dialed);
  }

  #redial(dialed: Dialed): void {
    dialed.lower.life.after(this.#options.redialMs, () => this.#attempt(dialed));
  }
}
