/** A shop's end of the link for tests: a real server on loopback that records what its listener hears. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Bidder, LinkLimits, LinkListener, LinkLog, LinkServer, Rival } from '@vmgrid/protocol';
import { type LinkTrust, serveLink, TRUST_ALL } from '@vmgrid/protocol';

export const quiet: LinkLog = { info: () => undefined, warn: () => undefined, error: () => undefined };

export type Heard =
  | { readonly kind: 'joined'; readonly plantId: string; readonly bidder: Bidder }
  | { readonly kind: 'left'; readonly plantId: string; readonly reason: string }
  | { readonly kind: 'notified'; readonly plantId: string; readonly event: string; readonly value: unknown }
  | { readonly kind: 'refused'; readonly plantId: string; readonly rival: Rival }
  | { readonly kind: 'heard' | 'silent'; readonly plantId: string }
  | { readonly kind: 'warned'; readonly details: object };

export class UpperEnd implements LinkListener {
  readonly events: Heard[] = [];
  readonly #waiting = new Set<() => void>();
  trust: LinkTrust = TRUST_ALL;
  readonly #sockets = new Set<Socket>();
  #http: Server | undefined;
  #link: LinkServer | undefined;
  /** Addresses dialled at every start. */
  readonly #listed: string[] = [];
  /** Warnings of its log. */
  readonly #log: LinkLog = { ...quiet, warn: (details) => this.#record({ kind: 'warned', details }) };

  async start(limits: Partial<LinkLimits> = {}, port = 0): Promise<this> {
    const http = createServer((_, response) => response.writeHead(404).end());
    http.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.#link = serveLink(http, this, { log: this.#log, trust: this.trust, limits });
    this.#http = http.listen(port, '127.0.0.1');
    await once(http, 'listening');
    for (const address of this.#listed) this.#link.dial(address, () => 0);
    return this;
  }

  get port(): number {
    if (this.#http === undefined) throw new Error('the upper end is not started');
    return (this.#http.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get link(): LinkServer {
    if (this.#link === undefined) throw new Error('the upper end is not started');
    return this.#link;
  }

  /** Static binding, at every start from now on. */
  list(address: string): void {
    this.#listed.push(address);
    this.link.dial(address, () => 0);
  }

  /** Stops like a killed process: nobody says goodbye. */
  async kill(): Promise<void> {
    this.destroySockets();
    await this.stop();
  }

  async stop(): Promise<void> {
    this.#link?.close();
    await this.#closeServer();
  }

  destroySockets(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async #closeServer(): Promise<void> {
    const http = this.#http;
    if (http?.listening) await new Promise((resolve) => http.close(resolve));
  }

  joined(bidder: Bidder): void {
    this.#record({ kind: 'joined', plantId: bidder.plantId, bidder });
  }

  left(bidder: Bidder, reason: string): void {
    this.#record({ kind: 'left', plantId: bidder.plantId, reason });
  }

  notified(bidder: Bidder, event: string, value: unknown): void {
    this.#record({ kind: 'notified', plantId: bidder.plantId, event, value });
  }

  heard(bidder: Bidder): void {
    this.#record({ kind: 'heard', plantId: bidder.plantId });
  }

  refused({ plantId }: Bidder, rival: Rival): void {
    this.#record({ kind: 'refused', plantId, rival });
  }

  silent(bidder: Bidder): void {
    this.#record({ kind: 'silent', plantId: bidder.plantId });
  }

  #record(event: Heard): void {
    this.events.push(event);
    for (const look of this.#waiting) look();
  }

  get comings(): readonly Heard['kind'][] {
    return this.events.map(({ kind }) => kind).filter((kind) => kind === 'joined' || kind === 'left');
  }

  /** Resolves with the nth warning as soon as it is logged. */
  async warned(nth = 1): Promise<object> {
    return (await this.next('warned', nth)).details;
  }

  /** The nth event of a kind (from 1), as soon as it has happened. */
  next<K extends Heard['kind']>(kind: K, nth = 1): Promise<Extract<Heard, { kind: K }>> {
    const { promise, resolve } = Promise.withResolvers<Extract<Heard, { kind: K }>>();
    const look = () => {
      const found = this.events.filter((event) => event.kind === kind)[nth - 1];
      if (found === undefined) return;
      this.#waiting.delete(look);
      resolve(found as Extract<Heard, { kind: K }>);
    };
    this.#waiting.add(look);
    look();
    return promise;
  }
}
