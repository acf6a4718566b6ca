/** The HTTP door of the shop: routes, bodies, replies. What the routes do is in shop.ts. */

import type { Log } from '@vmgrid/daemon';
import { GridError, REQUEST_LIMITS } from '@vmgrid/protocol';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import { rateLimit } from 'express-rate-limit';
import helmet from 'helmet';
import type { Shop } from '../shop.ts';
import { allowedMethods } from './allowed-methods.ts';
import { imageRoutes } from './image-routes.ts';
import { knownHost } from './known-host.ts';
import { requestRoutes } from './request-routes.ts';
import { sendError } from './send.ts';
import { vmRoutes } from './vm-routes.ts';

export interface AppOptions {
  /** The address listened on. */
  readonly host: string;
  readonly requestsPerMinute: number;
  readonly log: Log;
}

const VERSION = '/v1';
/** Characters of an address that a message shows. */
const PATH_SHOWN = 200;

export function createApp(shop: Shop, options: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(helmet());
  app.use(knownHost(options.host));
  app.get('/health/live', (_request, response) => void response.json({ status: 'live' }));
  app.get('/health/ready', readiness(shop));
  app.use(limitRate(options.requestsPerMinute));
  app.use(express.raw({ type: () => true, limit: REQUEST_LIMITS.bodyBytes }));
  const routers = [vmRoutes(shop), imageRoutes(shop), requestRoutes(shop)];
  app.use(VERSION, ...routers);
  app.use((request, response) => {
    const allowed = request.path.startsWith(VERSION) ? allowedMethods(routers, request.path.slice(VERSION.length)) : [];
    if (allowed.length > 0) response.setHeader('allow', allowed.join(', '));
    sendError(request, response, noSuch(request.method, request.path.slice(0, PATH_SHOWN), allowed));
  });
  app.use(errors(options.log));
  return app;
}

function noSuch(method: string, path: string, allowed: readonly string[]): GridError {
  if (allowed.length === 0) return new GridError('ROUTE_UNKNOWN', `there is no ${method} ${path}`);
  return new GridError('METHOD_NOT_ALLOWED', `${path} takes ${allowed.join(', ')}, not ${method}`, { allowed });
}

/** Ready: takes requests and has plants to award them to. */
const readiness =
  (shop: Shop): RequestHandler =>
  (_request, response) => {
    const plants = shop.plants().plants.length;
    const status = shop.draining ? 'draining' : plants === 0 ? 'no plants' : 'ready';
    response.status(status === 'ready' ? 200 : 503).json({ status, plants });
  };

const limitRate = (requestsPerMinute: number): RequestHandler =>
  rateLimit({
    windowMs: 60_000,
    limit: requestsPerMinute,
    standardHeaders: 'draft-7',
    legacyHeaders: false,
    handler: (request, response) => {
      const error = new GridError('RATE_LIMITED', `more than ${requestsPerMinute} requests a minute`, {
        limit: requestsPerMinute,
      });
      sendError(request, response, error);
    },
  });

const errors =
  (log: Log): ErrorRequestHandler =>
  (thrown, request, response, _next) => {
    const error = fromExpress(thrown);
    if (error.code === 'INTERNAL')
      log.error({ err: thrown, method: request.method, path: request.path }, 'request failed');
    if (response.headersSent) response.destroy();
    else sendError(request, response, error);
  };

/** Errors of express's own body reader carry a `type`; those of its decompression a `status` only. */
function fromExpress(thrown: unknown): GridError {
  const { type, status } = (thrown ?? {}) as { type?: unknown; status?: unknown };
  if (type === 'entity.too.large') {
    const limit = REQUEST_LIMITS.bodyBytes;
    return new GridError('BODY_TOO_LARGE', `the body is longer than ${limit} bytes`, { limit });
  }
  if (type === 'request.aborted' || type === 'request.size.invalid') {
    return new GridError('BODY_INCOMPLETE', 'the connection ended before the body was complete');
  }
  if (type === 'encoding.unsupported')
    return new GridError('MEDIA_TYPE_UNSUPPORTED', 'the Content-Encoding is not known');
  if (thrown instanceof URIError)
    return new GridError('REQUEST_MALFORMED', 'the address is not valid percent-encoding');
  if (status === 400)
    return new GridError('REQUEST_MALFORMED', 'the body is not compressed as its Content-Encoding says');
  return GridError.from(thrown);
}
