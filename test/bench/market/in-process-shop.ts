/**
 * A shop without an endpoint for clients, which makes its requests itself. Says its port, which plants and brokers
 * dial.
 */
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { openSecurity } from '@vmgrid/access';
import { checkConfig, createLog, systemClock } from '@vmgrid/daemon';
import { listen, Operations } from '@vmgrid/http-api';
import { Absences, listenAll, Membership, openMarket, VmBook } from '@vmgrid/market';
import { type Caller, serveLink } from '@vmgrid/protocol';
import { AuctionHistory } from '../../../packages/vmshop/src/auctions/auction-history.ts';
import { ShopConfig } from '../../../packages/vmshop/src/config.ts';
import { PlantFeed } from '../../../packages/vmshop/src/plants/plant-feed.ts';
import { Shop } from '../../../packages/vmshop/src/shop.ts';
import { VmEvents } from '../../../packages/vmshop/src/vms/vm-events.ts';
import { type LoadOrder, type ShopWork, serveLoad } from '../load/serve-load.ts';
import { requestOf } from './warehouse.ts';

export interface InProcessShopOrder {
  readonly config: object;
  /** On whose behalf requests are made, in turns; nobody: on the operator's. */
  readonly owners: readonly string[];
}

const log = createLog('bench shop', 'warn');
let serve: ((order: LoadOrder) => Promise<unknown>) | undefined;

process.on('message', (order: InProcessShopOrder | LoadOrder) => {
  if ('config' in order) void open(order).then((port) => process.send!({ port }));
  else void serve!(order).then((repeated) => process.send!(repeated));
});
process.on('disconnect', () => process.exit());

async function open({ config: given, owners }: InProcessShopOrder): Promise<number> {
  const config = checkConfig(ShopConfig, given, 'the bench');
  const surface = { name: 'shop', listens: [config.host], dials: [] };
  const { trust } = await openSecurity(config, surface, { environment: process.env, log });
  const { plantReturnMs: returnMs } = config;
  const absences = new Absences({ clock: systemClock, returnMs, forgetMs: returnMs });
  const book = new VmBook({ clock: systemClock, keepsAbsent: true });
  const membership = new Membership({
    clock: systemClock,
    onProgress: (event) => operations.find(event)?.report(event),
    onVms: (link, event) => book.apply(link, event),
    onChange: (change) => {
      book.note(change);
      absences.note(change);
    },
  });
  const operations = new Operations({ kept: config.requestsKept });
  let auctions = 0;
  const { market, offerReceiver } = openMarket({
    ...{ clock: systemClock, newAuctionId: () => `bench-auction-${++auctions}` },
    onFault: ({ plantId, err }) => log.warn({ plantId, err }, 'no offer'),
  });
  const shop = new Shop(
    {
      ...{ membership, absences, operations, book, vmEvents: new VmEvents(), feed: new PlantFeed(systemClock) },
      ...{ market, auctions: openHistory(config) },
    },
    config,
  );
  serve = serveLoad(workOf(shop, owners));
  const http = createServer((_request, response) => response.end(JSON.stringify({ plants: shop.plantCount })));
  serveLink(http, listenAll(membership, offerReceiver), { trust, log });
  return listen(http, config.host, config.httpPort);
}

function openHistory({ stateDirectory = '', auctionsKept: kept, auctionsKeptMiB }: ShopConfig): AuctionHistory {
  mkdirSync(stateDirectory, { recursive: true });
  return new AuctionHistory({
    ...{ file: join(stateDirectory, 'auctions.sqlite'), kept, keptBytes: auctionsKeptMiB * 1_048_576 },
  });
}

function workOf(shop: Shop, owners: readonly string[]): ShopWork {
  const called = (number: number) => {
    const owner = owners[number % owners.length];
    const caller: Caller = owner === undefined ? { owner: 'operator', sees: 'all' } : { owner, sees: 'own' };
    return { ...requestOf(number), caller };
  };
  const create = (number: number) => shop.create(called(number)).settled;
  return {
    create,
    estimate: (number) => shop.estimate(called(number)),
    createAndDestroy: create, // plants without machines end them themselves
  };
}
