/** Puts the shop together: link, HTTP endpoint, TCP endpoint. */
import { join } from 'node:path';
import { LimitedAuthenticator, ofOwner, type Security } from '@vmgrid/access';
import {
  abortable,
  endsWithin,
  IN_MEMORY,
  type Log,
  makeFolder,
  type RunningDaemon,
  systemClock,
} from '@vmgrid/daemon';
import {
  bodyLimitOf,
  createHttpServer,
  documents,
  listen,
  Operations,
  REPLIES_MS,
  stopListening,
} from '@vmgrid/http-api';
import { Absences, listenAll, Membership, openMarket, VmBook } from '@vmgrid/market';
import { REQUEST_LIMITS, type Request, serveLink } from '@vmgrid/protocol';
import { encodeXmlReply } from '@vmgrid/protocol/xml';
import { v7 as uuid } from 'uuid';
import { answerRequest } from './answer.ts';
import { AuctionHistory } from './auction-history.ts';
import type { ShopConfig } from './config.ts';
import { admitted, audited } from './document-audit.ts';
import { createApp } from './http/app.ts';
import { PlantFeed } from './plant-feed.ts';
import { PlantRegister } from './plant-register.ts';
import { Shop } from './shop.ts';
import { StartupGracePeriod } from './startup-grace-period.ts';
import { createTcpServer } from './tcp-server.ts';
import { VmBookFile } from './vm-book-file.ts';
import { VmEvents } from './vm-events.ts';

export interface ShopDaemon extends RunningDaemon {
  /** Ports listened on. */
  readonly httpPort: number;
  readonly xmlPort: number;
}

export async function startShop(config: ShopConfig, security: Security, log: Log): Promise<ShopDaemon> {
  const operations = new Operations({ kept: config.requestsKept });
  const vmEvents = new VmEvents();
  const feed = new PlantFeed(systemClock);
  const register = new PlantRegister(await stateFile(config, 'plants.sqlite'), systemClock);
  const bookFile = new VmBookFile(await stateFile(config, 'vms.sqlite'), systemClock);
  const book = new VmBook({
    ...{ clock: systemClock, keepsAbsent: true },
    entered: (...entry) => bookFile.entered(...entry),
    changed: (...change) => vmEvents.changed(...change),
  });
  book.restore(bookFile.read());
  const { plantReturnMs: returnMs, plantForgetMs } = config;
  const forgetMs = Math.max(returnMs, plantForgetMs);
  const absences = new Absences({ clock: systemClock, returnMs, forgetMs, before: register.before(forgetMs) });
  const startupGracePeriod = new StartupGracePeriod(absences.awaited(), { clock: systemClock, withinMs: returnMs });
  const membership = new Membership({
    clock: systemClock,
    onProgress: (event) => operations.find(event)?.report(event),
    onVms: (link, event) => book.apply(link, event),
    onChange: (change) => {
      const { change: what, role, ...details } = change;
      log.info(details, `${role} ${what}`);
      feed.tell(change);
      register.note(change);
      book.note(change);
      bookFile.note(change);
      absences.note(change);
      startupGracePeriod.note(change);
    },
    onFault: (fault) => log.warn(fault, 'a broker tells of a plant that cannot be reached this way'),
  });
  const { market, offerReceiver } = openMarket({
    ...{ clock: systemClock, newAuctionId: uuid },
    onFault: (fault) => log.warn(fault, 'an offer cannot stand: the plant is asked'),
  });
  const auctions = await openHistory(config);
  const writeBook = () => bookFile.write();
  const deps = {
    membership,
    absences,
    operations,
    market,
    auctions,
    feed,
    vmEvents,
    book,
    writeBook,
    startupGracePeriod,
  };
  const shop = new Shop(deps, config);

  const { audit, trust, tls } = security;
  const { quotas = {} } = config;
  const authenticator = new LimitedAuthenticator(security.authenticator, {
    perSecond: (owner) => ofOwner(quotas, owner).requestsPerSecond,
  });
  const { host, allowedHosts, trustedProxies, requestsPerMinute } = config;
  const bodyQuota = (owner: string) => ofOwner(quotas, owner).bodyBytes;
  const app = createApp(shop, {
    ...{ host, allowedHosts, trustedProxies, requestsPerMinute },
    ...{ authenticator, bodyQuota, audit, log },
  });
  const http = createHttpServer(app, { requestMs: REQUEST_LIMITS.documentMs, tls });
  const link = serveLink(http, listenAll(membership, offerReceiver), { log, trust });
  const tcp = createTcpServer({
    tls,
    admit: (line, from) => admitted(audit, () => authenticator.authenticate(line), from),
    ownerOf: ({ principal }) => principal.owner,
    // no second request
    revalidate: (line, from) => admitted(audit, () => security.authenticator.authenticate(line), from),
    limitOf: ({ principal }) => bodyLimitOf(bodyQuota, principal.owner),
    answer: async (bytes, client, revalidate) => {
      const { owner } = client.principal;
      const request = (await documents.read({ medium: 'xml', bytes }, { owner, revalidate })) as Request;
      const work = () => answerRequest(shop, request, client.principal);
      return encodeXmlReply(await audited(audit, request, client, work));
    },
    refuse: (error) => {
      if (error.code === 'INTERNAL') log.error({ err: error.cause }, 'a request at the TCP endpoint failed');
      return encodeXmlReply({ kind: 'error', body: { error: error.toBody() } });
    },
  });
  const httpPort = await listen(http, config.host, config.httpPort);
  const xmlPort = await listen(tcp, config.host, config.xmlPort).catch((error) => {
    http.close();
    throw error;
  });
  for (const url of config.plants) link.dial(url, Math.random);
  log.info({ host: config.host, httpPort, xmlPort, plants: config.plants }, 'the shop is open');

  return {
    httpPort,
    xmlPort,
    async drain() {
      const tcpClosed = new Promise((resolve) => tcp.close(resolve));
      const closeAll = stopListening(http);
      await shop.operationService.drain();
      offerReceiver.close();
      startupGracePeriod.close();
      register.close();
      bookFile.close();
      link.close();
      await Promise.all([closeAll(), endsWithin({ ms: REPLIES_MS }, (until) => abortable(tcpClosed, until))]);
      auctions.close();
    },
  };
}

/** @throws GridError STATE_LOCKED */
async function openHistory(config: ShopConfig): Promise<AuctionHistory> {
  const { auctionsKept: kept, auctionsKeptMiB } = config;
  const file = await stateFile(config, 'auctions.sqlite');
  return new AuctionHistory({ file, kept, keptBytes: auctionsKeptMiB * 1_048_576 });
}

async function stateFile({ stateDirectory }: ShopConfig, name: string): Promise<string> {
  if (stateDirectory === undefined) return IN_MEMORY;
  makeFolder(stateDirectory, 0o700);
  return join(stateDirectory, name);
}
