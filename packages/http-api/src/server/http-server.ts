/** Answers input that never becomes an HTTP request: garbage, endless headers, a body that stops. */
import { createServer, type RequestListener, type Server, STATUS_CODES } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { TlsFiles } from '@vmgrid/access';
import { abortable, endsWithin } from '@vmgrid/daemon';
import { GridError, REQUEST_LIMITS } from '@vmgrid/protocol';

/** Milliseconds for the last replies to be sent. */
export const REPLIES_MS = 1_000;
/** Milliseconds between checks for idle connections to close while the server stops. */
const IDLE_LOOKED_FOR_MS = 20;
/** Milliseconds between checks for requests that take too long. */
const CHECKED_EVERY_MS = 1_000;

export interface HttpServerOptions {
  /** Milliseconds in which a whole request must arrive. */
  readonly requestMs: number;
  /** Milliseconds in which its headers must arrive; left out, as long as the request. */
  readonly headersMs?: number;
  /** Left out, the server speaks in clear. */
  readonly tls?: Pick<TlsFiles, 'serve'> | undefined;
}

/** Makes an HTTP server whose every refusal has a code; the caller listens and closes. */
export function createHttpServer(app: RequestListener, options: HttpServerOptions): Server {
  const { requestMs, headersMs = requestMs, tls } = options;
  const times = { requestTimeout: requestMs, connectionsCheckingInterval: Math.min(CHECKED_EVERY_MS, headersMs) };
  const limits = { ...times, headersTimeout: headersMs, maxHeaderSize: REQUEST_LIMITS.headerBytes };
  const server: Server = tls
    ? tls.serve((shown) => createTlsServer({ ...limits, ...shown }, app))
    : createServer(limits, app);
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (!socket.writable || error.code === 'ECONNRESET' || isAmidReply(socket)) socket.destroy();
    else answer(socket, refusalOf(error, requestMs));
  });
  return server;
}

/** Accepts no new connections from now on. The returned function sends the last replies and closes all connections. */
export function stopListening(server: Server): () => Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  return async () => {
    const closing = setInterval(() => server.closeIdleConnections(), IDLE_LOOKED_FOR_MS);
    await endsWithin({ ms: REPLIES_MS }, (until) => abortable(closed, until));
    clearInterval(closing);
    server.closeAllConnections();
  };
}

/** Node marks the response that a connection works on; its types do not show the field. */
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
