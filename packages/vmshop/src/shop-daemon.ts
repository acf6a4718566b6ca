/** Puts the shop together: link, HTTP endpoint, TCP endpoint. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
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
  writeXmlReply,
} from '@vmgrid/http-api';
import { Absences, listenAll, Membership, openMarket, VmBook } from '@vmgrid/market';
import { CLIENT_LIMITS, parseDuration, REQUEST_LIMITS, type Request, serveLink } from '@vmgrid/protocol';
import { encodeXmlReply } from '@vmgrid/protocol/xml';
import { v7 as uuid } from 'uuid';
import { answerRequest } from './answer.ts';
import { AuctionHistory } from './auctions/auction-history.ts';
import type { ShopConfig } from './config.ts';
import { admitted, audited } from './document-audit.ts';
import { FileStore } from './files/file-store.ts';
import { createApp } from './http/app.ts';
import { PlantFeed } from './plants/plant-feed.ts';
import { PlantRegister } from './plants/plant-register.ts';
import { StartupGracePeriod } from './plants/startup-grace-period.ts';
import { CancelledCreates } from './requests/cancelled-creates.ts';
import type { RequestCanceller } from './requests/request-canceller.ts';
import { Shop } from './shop.ts';
import { createTcpServer } from './tcp/tcp-server.ts';
import { VmBookFile } from './vms/vm-book-file.ts';
import { VmEvents } from './vms/vm-events.ts';

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
  const cancelled = new CancelledCreates(await stateFile(config, 'cancelled.sqlite'));
  let canceller: RequestCanceller | undefined;
  const book = new VmBook({
    ...{ clock: systemClock, keepsAbsent: true },
    entered: (plantId, key, vm) => {
      bookFile.entered(plantId, key, vm);
      if (vm) canceller?.entered(plantId, vm);
    },
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
  const folder = await filesFolder(config);
  const files = openFiles(folder.path, config);
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
    cancelled,
    files,
    writeBook,
    startupGracePeriod,
  };
  const shop = new Shop(deps, config);
  canceller = shop.canceller;

  const { audit, trust, tls } = security;
  const { quotas = {} } = config;
  const authenticator = new LimitedAuthenticator(security.authenticator, {
    perSecond: (owner) => ofOwner(quotas, owner).requestsPerSecond,
  });
  const { host, allowedHosts, trustedProxies, requestsPerMinute } = config;
  const bodyQuota = (owner: string) => ofOwner(quotas, owner).bodyBytes;
  const app = createApp(shop, {
    ...{ host, allowedHosts, trustedProxies, requestsPerMinute },
    ...{ authenticator, bodyQuota, audit, files, log },
    documentMs: REQUEST_LIMITS.documentMs,
  });
  const http = createHttpServer(app, {
    requestMs: CLIENT_LIMITS.transferMs,
    headersMs: REQUEST_LIMITS.documentMs,
    tls,
  });
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
      return await writeXmlReply(await audited(audit, { request, client }, work));
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
      cancelled.close();
      link.close();
      await Promise.all([closeAll(), endsWithin({ ms: REPLIES_MS }, (until) => abortable(tcpClosed, until))]);
      auctions.close();
      files.close();
      await folder.remove();
    },
  };
}

/** @throws GridError STATE_LOCKED */
async function openHistory(config: ShopConfig): Promise<AuctionHistory> {
  const { auctionsKept: kept, auctionsKeptMiB } = config;
  const file = await stateFile(config, 'auctions.sqlite');
  return new AuctionHistory({ file, kept, keptBytes: auctionsKeptMiB * 1_048_576 });
}

/** Without a state directory a folder that ends with the process. */
async function filesFolder({ stateDirectory }: ShopConfig) {
  if (stateDirectory !== undefined) return { path: join(stateDirectory, 'files'), remove: async () => undefined };
  const path = await mkdtemp(join(tmpdir(), 'vmshop-files-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** @throws GridError STATE_LOCKED */
function openFiles(directory: string, { fileMiB, filesMiB, filesKept, quotas = {} }: ShopConfig): FileStore {
  return new FileStore({
    ...{ directory, clock: systemClock, fileMiB, filesMiB, keptMs: parseDuration(filesKept) },
    ownerMiB: (owner) => ofOwner(quotas, owner).filesMiB,
  });
}

async function stateFile({ stateDirectory }: ShopConfig, name: string): Promise<string> {
  if (stateDirectory === undefined) return IN_MEMORY;
  makeFolder(stateDirectory, 0o700);
  return join(stateDirectory, name);
}
