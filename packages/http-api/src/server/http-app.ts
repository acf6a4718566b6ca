/**
 * Everything that an HTTP endpoint does around its routes: authentication, rate limit, body limit, and an answer to
 * every other request.
 */

import type { AuditSink, Authenticator } from '@vmgrid/access';
import type { Log } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import express, { type Express, type RequestHandler, type Router } from 'express';
import helmet from 'helmet';
import { abortOnRevocation } from '../access/abort-on-revocation.ts';
import { auditRequests } from '../access/audit-requests.ts';
import { guardsOf, identify, requireIdentity } from '../access/guard.ts';
import { limitRate } from '../access/limit-rate.ts';
import { type BodyQuota, readBody } from '../exchange/read-body.ts';
import { sendError, xmlErrors } from '../exchange/send.ts';
import { memoryRoutes } from '../routes/memory-routes.ts';
import { allowedMethods } from './allowed-methods.ts';
import { documentDeadline } from './document-deadline.ts';
import { errorHandler } from './error-handler.ts';
import { hostAllowlist } from './host-allowlist.ts';

export interface HttpAppOptions {
  /** The address on which it listens. */
  readonly host: string;
  /** Names by which it may be called, besides its address and loopback. Left out: any name; on loopback, none. */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Addresses and networks of reverse proxies whose `X-Forwarded-*` headers are trusted. */
  readonly trustedProxies?: readonly string[] | undefined;
  readonly requestsPerMinute: number;
  readonly authenticator: Authenticator;
  readonly bodyQuota?: BodyQuota;
  /** Gets a note of each request under `/v1`. */
  readonly audit: AuditSink;
  /** Paths whose errors are XML, whatever the client sends or accepts. */
  readonly xmlPaths?: readonly string[];
  /** Milliseconds in which a document must arrive. Left out: the server checks that. */
  readonly documentMs?: number;
  readonly log: Log;
}

export interface HttpAppParts {
  readonly routers: readonly Router[];
  /** Routes that read their bodies themselves, of any length. */
  readonly streams?: readonly Router[];
  readonly readiness: () => Readiness;
}

/** The answer of `/health/ready`; only `ready` is sent with status 200. */
export interface Readiness {
  readonly status: string;
}

const VERSION = '/v1';
/** Characters of an address that a message shows. */
const PATH_SHOWN = 200;

/**
 * Makes an application with routes under `/v1` for requests with credentials, one of which every endpoint has, and
 * `/health/live` and `/health/ready` for everyone.
 * @throws when a route has no guard
 */
export function createHttpApp(parts: HttpAppParts, options: HttpAppOptions): Express {
  const { streams = [], readiness } = parts;
  const routers = [...parts.routers, memoryRoutes()];
  for (const router of [...streams, ...routers]) guardsOf(router);
  const app = express();
  app.disable('x-powered-by');
  trustProxies(app, options.trustedProxies);
  app.use(helmet());
  for (const path of options.xmlPaths ?? []) app.use(path, xmlErrors);
  app.use(hostAllowlist(options.host, options.allowedHosts));
  app.get('/health/live', (_request, response) => void response.json({ status: 'live' }));
  app.get('/health/ready', (_request, response) => {
    const body = readiness();
    response.status(body.status === 'ready' ? 200 : 503).json(body);
  });
  app.use(VERSION, identify(options.authenticator));
  app.use(limitRate(options.requestsPerMinute));
  app.use(VERSION, auditRequests(options.audit), requireIdentity, abortOnRevocation());
  if (streams.length > 0) app.use(VERSION, ...streams);
  if (options.documentMs !== undefined) app.use(documentDeadline(options.documentMs));
  app.use(readBody(options.bodyQuota));
  app.use(VERSION, ...routers);
  app.use(noSuchRoute([...streams, ...routers]));
  app.use(errorHandler(options.log));
  return app;
}

/** @throws GridError CONFIG_INVALID */
function trustProxies(app: Express, proxies: readonly string[] = []): void {
  try {
    app.set('trust proxy', [...proxies]);
  } catch (cause) {
    const message = `trustedProxies: ${(cause as Error).message}`;
    throw new GridError('CONFIG_INVALID', message, { trustedProxies: proxies }, { cause });
  }
}

const noSuchRoute =
  (routers: readonly Router[]): RequestHandler =>
  (request, response) => {
    const allowed = request.path.startsWith(VERSION) ? allowedMethods(routers, request.path.slice(VERSION.length)) : [];
    if (allowed.length > 0) response.setHeader('allow', allowed.join(', '));
    sendError(request, response, noSuch(request.method, request.path.slice(0, PATH_SHOWN), allowed));
  };

function noSuch(method: string, path: string, allowed: readonly string[]): GridError {
  if (allowed.length === 0) return new GridError('ROUTE_UNKNOWN', `there is no ${method} ${path}`);
  return new GridError('METHOD_NOT_ALLOWED', `${path} takes ${allowed.join(', ')}, not ${method}`, { allowed });
}
