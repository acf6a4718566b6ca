/** Runs a plant: assembles it, recovers what an earlier run left, and dials its upstreams. */
import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { Security } from '@vmgrid/access';
import { checkCost, parseCost } from '@vmgrid/bidding';
import { type Log, oneAtATime, type RunningDaemon } from '@vmgrid/daemon';
import { ImageWatch, isAbandoned } from '@vmgrid/warehouse';
import { assemblePlant } from './assembly/assemble-plant.ts';
import { openHostPorts } from './assembly/host-ports.ts';
import { makeOperatorServices } from './assembly/operator-services.ts';
import type { PlantConfig } from './config.ts';
import { removeOwnImages } from './equality/own-images.ts';
import type { openPlantHttp } from './http/plant-http.ts';
import { faultHere } from './vms/fault-here.ts';

export interface PlantDaemon extends RunningDaemon {
  /** Resolves when the first upstream that the plant dials has registered it; at once when it dials none. */
  readonly joined: Promise<void>;
  /** Port of the plant's own HTTP endpoint; undefined when there is none. */
  readonly httpPort: number | undefined;
}

export interface PlantDaemonDeps {
  readonly security: Security;
  readonly version: string;
  readonly log: Log;
}

export async function startPlant(
  config: PlantConfig,
  { security, version, log }: PlantDaemonDeps,
): Promise<PlantDaemon> {
  const host = await openHostPorts(config, version, log);
  const { links, groups, probed, stores } = host;
  const parts = await assemblePlant(
    { ...host, makeOperatorServices: (deps) => makeOperatorServices(deps, stores, config) },
    config,
  );
  const { bidService, events, registry, plant, selfTending, adPublisher, offers } = parts;
  events.on('progress', (event) => links.notify('progress', event));
  await parts.recover();
  await removeOwnImages(isAbandoned, { ...stores, log });
  await groups?.removeAllBut(registry.all().map(({ vmId }) => registry.directory(vmId)));
  const unknown = checkCost(parseCost(config.cost), await bidService.ad());
  if (unknown.length > 0) log.warn({ cost: config.cost, unknown }, 'the cost expression names what is not there');

  // The kernel with which KVM is tested comes from the first base image.
  const imagesChanged = oneAtATime(async () => {
    const told = (err: unknown) =>
      log.error({ err }, 'the lines could not be tried with the kernel of a new base image');
    await probed.look().catch(told);
    void parts.changed();
  });
  const imageWatch = new ImageWatch({ warehouse: stores.warehouse, changed: imagesChanged, log });
  const processId = randomUUID();
  const hello = () => ({ plantId: config.plantId, version, ad: adPublisher.ad, processId });
  const handlers = plant.handlers();
  const lower = { hello, handlers, opened: parts.opened, log, trust: security.trust };
  const acceptLinks = (server: Server) => links.accept(server, { ...lower, ended: parts.ended });
  const http =
    config.httpPort === undefined
      ? undefined
      : await openHttp(
          {
            ...{ ...parts, ...security, handlers, hello, acceptLinks, log },
            ...{ warehouse: stores.warehouse, restoreFault: faultHere(probed) },
          },
          config,
          config.httpPort,
        );
  if (http) events.on('progress', http.report);
  const joined = links.dial({ ...lower, urls: config.upstreams });
  log.info({ plantId: config.plantId, upstreams: config.upstreams, vms: registry.all().length }, 'the plant is open');

  selfTending.start();

  return {
    joined,
    httpPort: http?.httpPort,
    async drain(signal) {
      await Promise.all([plant.drain(signal), selfTending.stop(), http?.drain()]);
      parts.leases.forgetAll();
      imageWatch.close();
      offers.close();
      await links.close();
      await http?.close();
      parts.living.detachAll();
      stores.database.close();
    },
  };
}

/** Loads the HTTP modules only where a plant has an endpoint: a plant without one starts in two thirds of the time. */
const openHttp: typeof openPlantHttp = async (...parts) =>
  (await import('./http/plant-http.ts')).openPlantHttp(...parts);
