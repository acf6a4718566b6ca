/**
 * The paper's own interface: XML request and reply over a TCP socket. The client sends one document and half-closes
 * (`nc -N host 7781 < request.xml`); the reply comes and the connection ends.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { GridError, REQUEST_LIMITS } from '@vmgrid/protocol';

export interface TcpDoorOptions {
  /** Turns one request document into one reply document; errors are its business and come back as a reply. */
  readonly answer: (document: Buffer) => Promise<string>;
  /** The reply for a document that never became complete. */
  readonly refuse: (error: GridError) => string;
  /** How long a client may take to send its document, and then to take the reply. */
  readonly documentMs?: number;
}

/** Connections at the same time; one more is closed at once. */
export const TCP_DOOR_CONNECTIONS = 1_024;

/** Makes the server; the caller listens and closes. */
export function createTcpDoor(options: TcpDoorOptions): Server {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => void serve(socket, options));
  server.maxConnections = TCP_DOOR_CONNECTIONS;
  return server;
}

async function serve(socket: Socket, options: TcpDoorOptions): Promise<void> {
  const withinMs = options.documentMs ?? REQUEST_LIMITS.documentMs;
  socket.on('error', () => socket.destroy()); // the client is gone: nobody is left to tell
  try {
    const document = await readDocument(socket, withinMs);
    socket.end(await options.answer(document));
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

/** @throws GridError BODY_TOO_LARGE, BODY_INCOMPLETE */
function readDocument(socket: Socket, withinMs: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  const incomplete = (what: string) =>
    reject(new GridError('BODY_INCOMPLETE', `${what} after ${bytes} bytes of the document`, { bytes, withinMs }));
  const timer = setTimeout(() => incomplete(`nothing more came within ${withinMs} ms`), withinMs);
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= REQUEST_LIMITS.bodyBytes) chunks.push(chunk);
    else reject(tooLarge());
  });
  socket.on('end', () => resolve(Buffer.concat(chunks)));
  socket.on('close', () => incomplete('the connection closed'));
  return promise.finally(() => {
    clearTimeout(timer);
    socket.removeAllListeners('data');
    socket.removeAllListeners('end');
    socket.removeAllListeners('close');
  });
}

const tooLarge = () =>
  new GridError('BODY_TOO_LARGE', `the document is longer than ${REQUEST_LIMITS.bodyBytes} bytes`, {
    limit: REQUEST_LIMITS.bodyBytes,
  });
