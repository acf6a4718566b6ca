/** A bidder that joins an upper end, whichever of the two dials: what holds of a link holds both ways. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type AcceptLinksOptions, acceptLinks, type BidderEvents } from '@vmgrid/protocol';
import { dial, PLANT_1 } from './lower-end.ts';
import type { UpperEnd } from './upper-end.ts';

export interface Lower {
  notify<E extends keyof BidderEvents>(event: E, value: BidderEvents[E]): unknown;
  close(): Promise<void>;
  /** Breaks the connections: nobody says goodbye. */
  cut(): void;
}

export type Join = (upper: UpperEnd, some?: Partial<AcceptLinksOptions>) => Promise<Lower>;

export const WAYS: readonly (readonly [string, Join])[] = [
  [
    'the lower end dials',
    async (upper, some) => {
      const link = dial(upper.url, some);
      const notify: Lower['notify'] = (event, value) => link.notify(event, value);
      return { notify, close: () => link.close(), cut: () => upper.destroySockets() };
    },
  ],
  [
    'the upper end dials',
    async (upper, some) => {
      const plant = await new ListeningPlant().start(some);
      upper.list(plant.url);
      return plant;
    },
  ],
];

/** A plant that waits at its endpoint. */
export class ListeningPlant implements Lower {
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((_, response) => response.writeHead(404).end());
  #links: ReturnType<typeof acceptLinks> | undefined;

  async start(some: Partial<AcceptLinksOptions> = {}, port = 0): Promise<this> {
    this.#links = acceptLinks(this.#server, { ...PLANT_1, ...some });
    this.#server.on('connection', (socket) => this.#sockets.add(socket));
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/v1/link`;
  }

  notify<E extends keyof BidderEvents>(event: E, value: BidderEvents[E]): void {
    this.#links?.notify(event, value);
  }

  async close(): Promise<void> {
    await this.#links?.close();
    await this.#closeServer();
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Like a killed process. */
  async kill(): Promise<void> {
    this.cut();
    await this.#closeServer();
  }

  async #closeServer(): Promise<void> {
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }
}
