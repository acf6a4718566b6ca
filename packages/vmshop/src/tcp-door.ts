/**
 * The paper's own interface: XML request and reply over a TCP socket. The client sends its token in a line, then one document,
 * and half-closes (`cat operator.token request.xml | nc -N host 7781`); the reply comes and the connection ends. Of a client
 * that does not say who it is no document is read.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { ListenerTls } from '@vmgrid/access';
import { type BodyLimit, bodyLimitOf } from '@vmgrid/door';
import { GridError, REQUEST_LIMITS } from '@vmgrid/protocol';
import { IncomingDocument } from './incoming-document.ts';

export interface TcpDoorOptions<Who> {
  /** Who shows this token, from this address. @throws GridError UNAUTHENTICATED */
  readonly admit: (token: string | undefined, from: string | undefined) => Who | Promise<Who>;
  /** How long a document of this client may be; as any when left out. */
  readonly limitOf?: (who: Who) => BodyLimit;
  /** Turns one request document into one reply document; errors are its business and come back as a reply. */
  readonly answer: (document: Buffer, who: Who) => Promise<string>;
  /** The reply for a document that never became complete. */
  readonly refuse: (error: GridError) => string;
  /** How long a client may take to send its document, and then to take the reply. */
  readonly documentMs?: number;
  /** How long a client that has not said who it is may take to. */
  readonly tokenMs?: number;
  /** In clear without. */
  readonly tls?: ListenerTls | undefined;
}

/** Connections at the same time; one more is closed at once. */
export const TCP_DOOR_CONNECTIONS = 1_024;

/** Makes the server; the caller listens and closes. */
export function createTcpDoor<Who>(options: TcpDoorOptions<Who>): Server {
  const settings = { allowHalfOpen: true, noDelay: true };
  const open = (socket: Socket) => void serve(socket, options);
  const server = options.tls ? createTlsServer({ ...settings, ...options.tls }, open) : createServer(settings, open);
  server.maxConnections = TCP_DOOR_CONNECTIONS;
  return server;
}

async function serve<Who>(socket: Socket, options: TcpDoorOptions<Who>): Promise<void> {
  const withinMs = options.documentMs ?? REQUEST_LIMITS.documentMs;
  socket.on('error', () => socket.destroy()); // the client is gone: nobody is left to tell
  try {
    const { who, document } = await readDocument(socket, options, withinMs);
    socket.end(await options.answer(document, who));
  } catch (error) {
    socket.end(options.refuse(GridError.from(error)));
    socket.resume(); // what still comes is not read
  }
  destroyAfter(socket, withinMs);
}

/** Not after so long a silence: a client that goes on sending is never silent. */
function destroyAfter(socket: Socket, ms: number): void {
  if (socket.closed) return;
  const timer = setTimeout(() => socket.destroy(), ms);
  socket.once('close', () => clearTimeout(timer));
}

/** @throws GridError BODY_TOO_LARGE, QUOTA_BODY, BODY_INCOMPLETE, and what `admit` throws, as soon as the token has come */
function readDocument<Who>(
  socket: Socket,
  options: TcpDoorOptions<Who>,
  withinMs: number,
): Promise<{ readonly who: Who; readonly document: Buffer }> {
  const { tokenMs = REQUEST_LIMITS.tokenLineMs } = options;
  const { promise, resolve, reject } = Promise.withResolvers<{ who: Who; document: Buffer }>();
  const from = socket.remoteAddress;
  const incoming = new IncomingDocument<Who>({
    admit: async (token) => options.admit(token, from),
    limitOf: options.limitOf ?? NO_QUOTA,
    refuse: reject,
  });
  const incomplete = (what: string, withinMs?: number) => {
    const message = `${what} after ${incoming.bytes} bytes of the document`;
    reject(new GridError('BODY_INCOMPLETE', message, { bytes: incoming.bytes, withinMs }));
  };
  const timers = [
    setTimeout(() => incoming.isOpened || incomplete(`no token came within ${tokenMs} ms`, tokenMs), tokenMs),
    setTimeout(() => incomplete(`nothing more came within ${withinMs} ms`, withinMs), withinMs),
  ];
  socket.on('data', (chunk: Buffer) => incoming.add(chunk));
  socket.on('end', () => resolve(incoming.end()));
  socket.on('close', () => incomplete('the connection closed'));
  return promise.finally(() => {
    for (const timer of timers) clearTimeout(timer);
    socket.removeAllListeners('data');
    socket.removeAllListeners('end');
    socket.removeAllListeners('close');
  });
}

const NO_QUOTA = () => bodyLimitOf(undefined, undefined);
