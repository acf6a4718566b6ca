/** Answers to what does not become an HTTP request: garbage, headers without end, a body that stops coming. */
import { createServer, type RequestListener, type Server, STATUS_CODES } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { ListenerTls } from '@vmgrid/access';
import { abortable, endsWithin } from '@vmgrid/daemon';
import { GridError, REQUEST_LIMITS } from '@vmgrid/protocol';

/** How long the last replies may take to get out. */
export const REPLIES_MS = 1_000;
/** How soon a connection is closed that waits for another request after its last reply. */
const IDLE_LOOKED_FOR_MS = 20;
/** How often connections are looked at for requests that take too long. */
const CHECKED_EVERY_MS = 1_000;

export interface HttpServerOptions {
  /** How long a whole request may take to come. */
  readonly requestMs: number;
  /** How long its headers may; as long as the request when left out. */
  readonly headersMs?: number;
  /** In clear without. */
  readonly tls?: ListenerTls | undefined;
}

/** An HTTP server whose every refusal has a code; the caller listens and closes. */
export function createHttpServer(app: RequestListener, options: HttpServerOptions): Server {
  const { requestMs, headersMs = requestMs, tls } = options;
  const times = { requestTimeout: requestMs, connectionsCheckingInterval: Math.min(CHECKED_EVERY_MS, headersMs) };
  const limits = { ...times, headersTimeout: headersMs, maxHeaderSize: REQUEST_LIMITS.headerBytes };
  const server: Server = tls ? createTlsServer({ ...limits, ...tls }, app) : createServer(limits, app);
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (!socket.writable || error.code === 'ECONNRESET' || isAmidReply(socket)) socket.destroy();
    else answer(socket, refusalOf(error, requestMs));
  });
  return server;
}

/** Takes no new connections from now on. What comes back lets the last replies out, and closes all connections. */
export function stopListening(server: Server): () => Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  return async () => {
    const closing = setInterval(() => server.closeIdleConnections(), IDLE_LOOKED_FOR_MS);
    await endsWithin({ ms: REPLIES_MS }, (until) => abortable(closed, until));
    clearInterval(closing);
    server.closeAllConnections();
  };
}

/** Node's own mark of the response that a connection is at, which its types do not tell. */
function isAmidReply(socket: Duplex & { readonly _httpMessage?: { readonly headersSent: boolean } | null }): boolean {
  return socket._httpMessage?.headersSent === true;
}

function answer(socket: Duplex, error: GridError): void {
  const body = JSON.stringify({ error: error.toBody() });
  const { status } = error.kind;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Connection: close',
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

function refusalOf({ code, message }: NodeJS.ErrnoException, requestMs: number): GridError {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new GridError('BODY_INCOMPLETE', `the request was not complete within ${requestMs} ms`, { requestMs });
    case 'HPE_HEADER_OVERFLOW':
      return new GridError('HEADERS_TOO_LARGE', `the headers have more than ${REQUEST_LIMITS.headerBytes} bytes`, {
        limit: REQUEST_LIMITS.headerBytes,
      });
    default:
      return new GridError('REQUEST_MALFORMED', `this is no HTTP request: ${message}`, { reason: code ?? 'unknown' });
  }
}
