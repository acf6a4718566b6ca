/**
 * The plant's own HTTP door: the golden images of its warehouse, with the routes that a shop has for those of all, and
 * the link for shops and brokers that dial down.
 */
import type { Server } from 'node:http';
import type { AuditSink, Authenticator, TlsFiles } from '@vmgrid/access';
import { ImageCatalogue, ImageWork, type ImageWorkDeps, imageRoutes } from '@vmgrid/catalogue';
import type { Log } from '@vmgrid/daemon';
import {
  createDoorApp,
  createHttpServer,
  listen,
  OperationService,
  Operations,
  operationRoutes,
  stopListening,
} from '@vmgrid/http-api';
import {
  type BuildImageRequest,
  callCancellably,
  GridError,
  type Hello,
  type PlantHandlers,
  REQUEST_LIMITS,
} from '@vmgrid/protocol';
import type { ImportOptions, Warehouse } from '@vmgrid/warehouse';
import { v7 as uuid } from 'uuid';
import type { PlantConfig } from '../config.ts';
import type { ReportProgress } from '../vms/phases.ts';
import { archiveRoutes, TRANSFER_LIMITS } from './archive-routes.ts';
import { OwnBidder } from './own-bidder.ts';

export interface PlantDoor {
  /** The port listened on. */
  readonly httpPort: number;
  /** Tells those who follow a request what the plant has got on with. */
  readonly report: ReportProgress;
  /** Takes no new connections and no new work, and lets what runs be answered. Links stay. */
  drain(): Promise<void>;
  /** Closes all connections, once the links are closed. */
  close(): Promise<void>;
}

export interface PlantDoorDeps {
  readonly authenticator: Authenticator;
  readonly audit: AuditSink;
  readonly tls?: Pick<TlsFiles, 'serve'>;
  readonly handlers: PlantHandlers;
  readonly hello: () => Hello;
  /** Takes the links of those that dial down. */
  readonly acceptLinks: (server: Server) => void;
  readonly warehouse: Warehouse;
  readonly restoreFault: ImportOptions['restoreFault'];
  readonly report: ReportProgress;
  /** Told when what the plant has has changed. */
  readonly changed: () => void;
  readonly log: Log;
}

/** Requests that are remembered when they are finished. */
const REQUESTS_KEPT = 1_000;
/** Longest time one request may take, from its arrival to its reply. */
const REQUEST_DEADLINE_MS = 1_800_000;

type DoorConfig = Pick<PlantConfig, 'plantId' | 'host' | 'requestsPerMinute' | 'allowedHosts' | 'trustedProxies'>;

/** @throws GridError ADDRESS_IN_USE */
export async function openPlantDoor(
  deps: PlantDoorDeps,
  { plantId, host, requestsPerMinute, allowedHosts, trustedProxies }: DoorConfig,
  port: number,
): Promise<PlantDoor> {
  const { audit, authenticator, handlers, hello, log } = deps;
  const operations = new Operations({ kept: REQUESTS_KEPT });
  const operationService = new OperationService(operations, { name: `the plant ${plantId}`, newRequestId: uuid });
  const bidder = new OwnBidder({ handlers, hello, log });
  const images = new ImageCatalogue(bidder, {
    requestDeadlineMs: REQUEST_DEADLINE_MS,
    signal: operationService.closing,
  });
  const build: ImageWorkDeps['build'] = async (request, { cancelled: signal }) => {
    refuseForeign(request, plantId);
    return callCancellably(bidder, 'buildImage', request, { deadlineMs: REQUEST_DEADLINE_MS, signal });
  };
  const routers = [
    imageRoutes(images, new ImageWork({ operationService, images, build })),
    operationRoutes(operationService),
  ];
  const readiness = () => ({ status: operationService.draining ? 'draining' : 'ready', plantId });
  const { documentMs } = REQUEST_LIMITS;
  const app = createDoorApp(
    { routers, streams: [archiveRoutes({ ...deps, operationService })], readiness },
    { host, requestsPerMinute, allowedHosts, trustedProxies, authenticator, audit, documentMs, log },
  );
  const server = createHttpServer(app, { requestMs: TRANSFER_LIMITS.uploadMs, headersMs: documentMs, tls: deps.tls });
  deps.acceptLinks(server);
  const httpPort = await listen(server, host, port);
  log.info({ host, httpPort }, 'the door of the plant is open');
  let closeAll: (() => Promise<void>) | undefined;
  return {
    httpPort,
    report: (event) => operations.find(event)?.report(event),
    async drain() {
      closeAll = stopListening(server);
      await operationService.drain();
    },
    async close() {
      closeAll ??= stopListening(server);
      await closeAll();
    },
  };
}

function refuseForeign(request: BuildImageRequest, own: string): void {
  const { plantId = own } = request;
  if (plantId === own) return;
  throw new GridError('PLANT_LOST', `this is the door of the plant ${own}, not of ${plantId}`, { plantId });
}
