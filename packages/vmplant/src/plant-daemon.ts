/** Runs a plant: puts it together, recovers what an earlier run left, and dials its upstreams. */
import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { Security } from '@vmgrid/access';
import { checkCost, parseCost } from '@vmgrid/bidding';
import { type Log, oneAtATime, type RunningDaemon, systemClock } from '@vmgrid/daemon';
import { adToJson, type LinkAbove } from '@vmgrid/protocol';
import { ImageWatch } from '@vmgrid/warehouse';
import { OfferPublisher } from './bids/offer-publisher.ts';
import type { PlantConfig } from './config.ts';
import { isOfPlant, removeOwnImages } from './equality/own-images.ts';
import type { openPlantHttp } from './http/plant-http.ts';
import { recover } from './lifecycle/recovery.ts';
import { makePlantParts } from './plant-parts.ts';

export interface PlantDaemon extends RunningDaemon {
  /** Resolves when the first upstream that it dials knows the plant; at once when it dials none. */
  readonly joined: Promise<void>;
  /** Of the plant's own endpoint; undefined when there is none. */
  readonly httpPort: number | undefined;
}

export async function startPlant(
  config: PlantConfig,
  security: Security,
  version: string,
  log: Log,
): Promise<PlantDaemon> {
  const parts = await makePlantParts(config, version, log);
  const { bidService, collector, registry, upstreams, living, leases, plant, selfTending, vmPublisher } = parts;
  await recover({ ...parts, collect: (vmId) => collector.collect(vmId, { requestId: `recovery-${vmId}` }) });
  await removeOwnImages(isOfPlant(config.plantId), parts);

  await parts.groups?.removeAllBut(registry.all().map(({ vmId }) => registry.directory(vmId)));

  const unknown = checkCost(parseCost(config.cost), await bidService.ad());
  if (unknown.length > 0) log.warn({ cost: config.cost, unknown }, 'the cost expression names what is not there');
  let ad = adToJson(await bidService.ad());
  const publisher = new OfferPublisher({
    rest: () => bidService.offerRest(),
    book: parts.book,
    ...{ log, clock: systemClock },
  });
  parts.onChange(async () => {
    ad = adToJson(await bidService.ad());
    upstreams.notify('ad', ad);
    await publisher.changed();
  });
  parts.onUsage(() => void publisher.changed());
  // The first base image brings the kernel that KVM is tried with.
  const imagesChanged = oneAtATime(async () => {
    const told = (err: unknown) =>
      log.error({ err }, 'the lines could not be tried with the kernel of a new base image');
    await parts.probed.look().catch(told);
    parts.changed();
  });
  const imageWatch = new ImageWatch({ ...parts, changed: imagesChanged, log });
  const processId = randomUUID();
  const hello = () => ({ plantId: config.plantId, version, ad, processId });
  const handlers = plant.handlers();
  const opened = (link: LinkAbove) => {
    vmPublisher.opened(link);
    publisher.opened(link);
  };
  const ended = (link: LinkAbove) => {
    vmPublisher.ended(link);
    publisher.ended(link);
  };
  const { trust } = security;
  const lower = { hello, handlers, opened, log, trust };
  const acceptLinks = (server: Server) => upstreams.accept(server, { ...lower, ended });
  const http =
    config.httpPort === undefined
      ? undefined
      : await openHttp({ ...parts, ...security, handlers, hello, acceptLinks, log }, config, config.httpPort);
  if (http) parts.onProgress(http.report);
  const joined = upstreams.dial({ ...lower, urls: config.upstreams });
  log.info({ plantId: config.plantId, upstreams: config.upstreams, vms: registry.all().length }, 'the plant is open');

  selfTending.start();

  return {
    joined,
    httpPort: http?.httpPort,
    async drain(signal) {
      await Promise.all([plant.drain(signal), selfTending.stop(), http?.drain()]);
      leases.forgetAll();
      imageWatch.close();
      publisher.close();
      await upstreams.close();
      await http?.close();
      living.detachAll();
      parts.database.close();
    },
  };
}

/** Loads what serves HTTP only where a plant has an endpoint: a plant without one starts in two thirds of the time. */
const openHttp: typeof openPlantHttp = async (...parts) =>
  (await import('./http/plant-http.ts')).openPlantHttp(...parts);
