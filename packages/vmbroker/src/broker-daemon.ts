/** Puts the broker together: the link to those below, the links to those above. */
import { randomUUID } from 'node:crypto';
import type { Security } from '@vmgrid/access';
import { type Log, type RunningDaemon, systemClock } from '@vmgrid/daemon';
import { createHttpApp, createHttpServer, listen } from '@vmgrid/http-api';
import { Absences, listenAll, Membership, openMarket, VmBook } from '@vmgrid/market';
import { type Hello, REQUEST_LIMITS, serveLink, Upstreams } from '@vmgrid/protocol';
import { Announcer } from './announcer.ts';
import { Broker } from './broker.ts';
import type { BrokerConfig } from './config.ts';
import { plantRoutes } from './plant-routes.ts';

export interface BrokerDaemon extends RunningDaemon {
  /** The port listened on. */
  readonly httpPort: number;
  /** Resolves when the first upstream knows the broker. */
  readonly joined: Promise<void>;
}

export interface BrokerDaemonDeps {
  readonly security: Security;
  readonly version: string;
  readonly log: Log;
}

export async function startBroker(
  config: BrokerConfig,
  { security: { authenticator, audit, trust, tls }, version, log }: BrokerDaemonDeps,
): Promise<BrokerDaemon> {
  const { brokerId, host, allowedHosts, trustedProxies, requestsPerMinute } = config;
  const upstreams = new Upstreams();
  const announcer = new Announcer();
  const book = new VmBook({
    clock: systemClock,
    keepsAbsent: false,
    news: (events) => announcer.tellVms(events),
  });
  const { plantReturnMs } = config;
  const absences = new Absences({ clock: systemClock, returnMs: plantReturnMs, forgetMs: plantReturnMs });
  const membership = new Membership({
    selfId: brokerId,
    clock: systemClock,
    onProgress: (event) => upstreams.notify('progress', event),
    onVms: (link, event) => book.apply(link, event),
    onChange: (change) => {
      log.info(change, `${change.role} ${change.change}`);
      announcer.tellChange(change);
      book.note(change);
      absences.note(change);
    },
    onFault: (fault) => log.warn(fault, 'a broker tells of a plant that cannot be reached this way'),
  });
  const { market, offerReceiver } = openMarket({
    ...{ clock: systemClock, newAuctionId: randomUUID },
    onFault: (fault) => log.warn(fault, 'an offer cannot stand: the plant is asked'),
  });
  const broker = new Broker({ membership, absences, market }, config);

  const readiness = () => ({ status: upstreams.links.some(({ state }) => state === 'open') ? 'ready' : 'no upstream' });
  const app = createHttpApp(
    { routers: [plantRoutes({ membership, absences })], readiness },
    { host, allowedHosts, trustedProxies, requestsPerMinute, authenticator, audit, log },
  );
  const http = createHttpServer(app, { requestMs: REQUEST_LIMITS.documentMs, tls });
  const link = serveLink(http, listenAll(membership, offerReceiver), { log, trust });
  const httpPort = await listen(http, host, config.httpPort);
  for (const url of config.plants) link.dial(url, Math.random);

  const processId = randomUUID();
  const hello = (): Hello => ({
    processId,
    plantId: brokerId,
    version,
    role: 'broker',
    ad: { MyType: 'Broker', Name: brokerId, Version: version },
  });
  const joined = upstreams.dial({
    urls: config.upstreams,
    hello,
    handlers: broker.handlers(),
    ...{ log, trust },
    opened: (upstream) => void announcer.tellAll(upstream, { membership, book }),
  });
  log.info({ brokerId, host, httpPort, upstreams: config.upstreams }, 'the broker is open');

  return {
    httpPort,
    joined,
    /** Work under way goes on at the plants. Callers ask again, by another way or after the restart. */
    async drain() {
      await upstreams.close();
      offerReceiver.close();
      link.close();
      http.close();
      http.closeAllConnections();
    },
  };
}
