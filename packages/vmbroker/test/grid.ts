/** A shop's membership, brokers and plants over real links on loopback, in one process. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Authenticator } from '@vmgrid/access';
import { createLog, systemClock } from '@vmgrid/daemon';
import { Absences, type MemberChange, Membership, VmBook } from '@vmgrid/market';
import {
  dialLink,
  GridError,
  type LinkClient,
  type PlantHandlers,
  type ProgressEvent,
  serveLink,
  TRUST_ALL,
} from '@vmgrid/protocol';
import { UNREAD_AUDIT } from '@vmgrid/test-support/grids/audit-sinks.ts';
import { type BrokerDaemon, startBroker } from '../src/broker-daemon.ts';

const log = createLog('test', 'error');

type Answers = Partial<{ readonly [M in keyof PlantHandlers]: PlantHandlers[M] }> & {
  /** Called with each link that comes up. */
  readonly opened?: (link: LinkClient) => void;
};

const authenticator = {
  authenticate: () => ({ owner: 'ada', roles: ['operator'], credential: 'test' }),
} satisfies Authenticator;

export class Grid {
  readonly changes: MemberChange[] = [];
  readonly progress: ProgressEvent[] = [];
  readonly membership: Membership;
  readonly book = new VmBook({ clock: systemClock, keepsAbsent: true, news: () => this.#note(() => undefined) });
  readonly absences = new Absences({ clock: systemClock, returnMs: 60_000, forgetMs: 60_000 });
  readonly #waiting = new Set<() => void>();
  readonly #closers: (() => unknown)[] = [];
  #port = 0;

  constructor() {
    this.membership = new Membership({
      clock: systemClock,
      onProgress: (event) => this.#note(() => this.progress.push(event)),
      onVms: (link, event) => this.book.apply(link, event),
      onChange: (change) => this.#noteChange(change),
    });
  }

  /** The shop's end. */
  async open(): Promise<this> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const link = serveLink(server, this.membership, { log, trust: TRUST_ALL });
    this.#closers.push(
      () => server.closeAllConnections(),
      () => server.close(),
      () => link.close(),
    );
    this.#port = (server.address() as AddressInfo).port;
    return this;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#port}/v1/link`;
  }

  /** A broker that dials up to these; resolves when the first knows it. */
  async broker(
    brokerId: string,
    upstreams: readonly string[],
    { httpPort = 0, plantReturnMs = 0 } = {},
  ): Promise<BrokerDaemon & { readonly url: string }> {
    const config = {
      brokerId,
      upstreams: [...upstreams],
      plants: [],
      host: '127.0.0.1',
      httpPort,
      ...{ plantReturnMs, requestsPerMinute: 1_000, heapMiB: 1_900 },
      logLevel: 'error' as never,
    };
    const security = { authenticator, audit: UNREAD_AUDIT, trust: TRUST_ALL, look: () => undefined };
    const broker = await startBroker(config, { security, version: '0.1.0', log });
    this.#closers.push(() => broker.drain(AbortSignal.timeout(1_000)));
    await broker.joined;
    return { ...broker, url: `ws://127.0.0.1:${broker.httpPort}/v1/link` };
  }

  /** A plant that dials up to these. */
  plant(plantId: string, upstreams: readonly string[], answers: Answers = {}): readonly LinkClient[] {
    const handlers = new Proxy(answers, {
      get: (known, method) => Reflect.get(known, method) ?? (() => Promise.reject(new GridError('VM_UNKNOWN', 'none'))),
    }) as PlantHandlers;
    const hello = () => ({ plantId, version: '0.1.0', ad: { Name: plantId } });
    const links: LinkClient[] = upstreams.map((url, index) => {
      const changed = (state: LinkClient['state']) => state === 'open' && answers.opened?.(links[index]!);
      return dialLink({ url, hello, handlers, log, trust: TRUST_ALL, random: Math.random, changed });
    });
    this.#closers.push(...links.map((link) => () => link.close()));
    return links;
  }

  /** Resolves as soon as it is so; what is looked at changes only when a member, a VM or progress does. */
  until(holds: () => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => {
      if (holds()) resolve();
    };
    this.#waiting.add(look);
    look();
    return promise.finally(() => this.#waiting.delete(look));
  }

  /** Resolves when the shop can reach these plants and no others. */
  reaches(...plantIds: string[]): Promise<void> {
    return this.until(() => this.membership.plantIds().toSorted().join() === plantIds.toSorted().join());
  }

  async close(): Promise<void> {
    for (const close of this.#closers.toReversed()) await close();
  }

  #noteChange(change: MemberChange): void {
    this.book.note(change);
    this.absences.note(change);
    this.#note(() => this.changes.push(change));
  }

  #note(change: () => unknown): void {
    change();
    for (const look of this.#waiting) look();
  }
}
