/**
 * The plant's own HTTP endpoint: the golden images of its warehouse, under the same routes as a shop's, and the link
 * for shops and brokers that dial down.
 */
import type { Server } from 'node:http';
import type { AuditSink, Authenticator, TlsFiles } from '@vmgrid/access';
import { ImageCatalogue, ImageWork, type ImageWorkDeps, imageRoutes } from '@vmgrid/catalogue';
import type { Log } from '@vmgrid/daemon';
import {
  createHttpApp,
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

export interface PlantHttp {
  /** The port on which it listens. */
  readonly httpPort: number;
  /** Reports the plant's progress to those who follow a request. */
  readonly report: ReportProgress;
  /** Accepts no new connections and no new work, and lets running requests be answered. Links stay. */
  drain(): Promise<void>;
  /** Closes all connections, once the links are closed. */
  close(): Promise<void>;
}

export interface PlantHttpDeps {
  readonly authenticator: Authenticator;
  readonly audit: AuditSink;
  readonly tls?: Pick<TlsFiles, 'serve'>;
  readonly handlers: PlantHandlers;
  readonly hello: () => Hello;
  /** Accepts the links of those that dial down. */
  readonly acceptLinks: (server: Server) => void;
  readonly warehouse: Warehouse;
  readonly restoreFault: ImportOptions['restoreFault'];
  readonly report: ReportProgress;
  /** Called when the plant's VMs or images have changed. */
  readonly changed: () => void;
  readonly log: Log;
}

/** Finished requests that are remembered. */
const REQUESTS_KEPT = 1_000;
/** Longest time that one request may take, from its arrival to its reply. */
const REQUEST_DEADLINE_MS = 1_800_000;

type HttpConfig = Pick<PlantConfig, 'plantId' | 'host' | 'requestsPerMinute' | 'allowedHosts' | 'trustedProxies'>;

/** @throws GridError ADDRESS_IN_USE */
export async function openPlantHttp(
  deps: PlantHttpDeps,
  { plantId, host, requestsPerMinute, allowedHosts, trustedProxies }: HttpConfig,
  port: number,
): Promise<PlantHttp> {
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
    return callCancellably(bidder, { method: 'buildImage', request }, { deadlineMs: REQUEST_DEADLINE_MS, signal });
  };
  const routers = [
    imageRoutes(images, new ImageWork({ operationService, images, build })),
    operationRoutes(operationService),
  ];
  const readiness = () => ({ status: operationService.draining ? 'draining' : 'ready', plantId });
  const { documentMs } = REQUEST_LIMITS;
  const app = createHttpApp(
    { routers, streams: [archiveRoutes({ ...deps, operationService })], readiness },
    { host, requestsPerMinute, allowedHosts, trustedProxies, authenticator, audit, documentMs, log },
  );
  const server = createHttpServer(app, { requestMs: TRANSFER_LIMITS.uploadMs, headersMs: documentMs, tls: deps.tls });
  deps.acceptLinks(server);
  const httpPort = await listen(server, host, port);
  log.info({ host, httpPort }, 'the endpoint of the plant is open');
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
  throw new GridError('PLANT_LOST', `this is the endpoint of the plant ${own}, not of ${plantId}`, { plantId });
}
