/**
 * The paper's own interface: XML request and reply over a TCP socket. The client sends its token in a line, then one document,
 * and half-closes (`cat operator.token request.xml | nc -N host 7781`); the reply comes and the connection ends. Of a client
 * that does not say who it is no document is read.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { ListenerTls } from '@vmgrid/access';
import { GridError, REQUEST_LIMITS } from '@vmgrid/protocol';
import { readOpening } from './token-line.ts';

export interface TcpDoorOptions<Who> {
  /** Who shows this token. @throws GridError UNAUTHENTICATED */
  readonly admit: (token: string | undefined) => Who | Promise<Who>;
  /** Turns one request document into one reply document; errors are its business and come back as a reply. */
  readonly answer: (document: Buffer, who: Who) => Promise<string>;
  /** The reply for a document that never became complete. */
  readonly refuse: (error: GridError) => string;
  /** How long a client may take to send its document, and then to take the reply. */
  readonly documentMs?: number;
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
    const { who, document } = await readDocument(socket, options.admit, withinMs);
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

/** @throws GridError BODY_TOO_LARGE, BODY_INCOMPLETE, and what `admit` throws, as soon as the token has come */
function readDocument<Who>(
  socket: Socket,
  admit: TcpDoorOptions<Who>['admit'],
  withinMs: number,
): Promise<{ readonly who: Who; readonly document: Buffer }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ who: Who; document: Buffer }>();
  const incoming = new Incoming(async (token) => admit(token), reject);
  const incomplete = (what: string) =>
    reject(
      new GridError('BODY_INCOMPLETE', `${what} after ${incoming.bytes} bytes of the document`, {
        bytes: incoming.bytes,
        withinMs,
      }),
    );
  const timer = setTimeout(() => incomplete(`nothing more came within ${withinMs} ms`), withinMs);
  socket.on('data', (chunk: Buffer) => incoming.add(chunk));
  socket.on('end', () => resolve(incoming.end()));
  socket.on('close', () => incomplete('the connection closed'));
  return promise.finally(() => {
    clearTimeout(timer);
    socket.removeAllListeners('data');
    socket.removeAllListeners('end');
    socket.removeAllListeners('close');
  });
}

/** What a client sends: who it is, then its document. */
class Incoming<Who> {
  readonly #admit: (token: string | undefined) => Promise<Who>;
  readonly #refuse: (error: unknown) => void;
  readonly #chunks: Buffer[] = [];
  #who: Promise<Who> | undefined;
  bytes = 0;

  constructor(admit: (token: string | undefined) => Promise<Who>, refuse: (error: unknown) => void) {
    this.#admit = admit;
    this.#refuse = refuse;
  }

  add(chunk: Buffer): void {
    this.bytes += chunk.length;
    if (this.bytes > REQUEST_LIMITS.bodyBytes) {
      this.#refuse(tooLarge());
      return;
    }
    this.#chunks.push(chunk);
    if (this.#who === undefined) this.#open(Buffer.concat(this.#chunks));
  }

  async end(): Promise<{ readonly who: Who; readonly document: Buffer }> {
    const who = await (this.#who ?? this.#admit(undefined));
    return { who, document: Buffer.concat(this.#chunks) };
  }

  #open(soFar: Buffer): void {
    const opening = readOpening(soFar);
    if (opening.kind === 'incomplete') return;
    this.#who = this.#admit(opening.kind === 'token' ? opening.token : undefined);
    this.#who.catch(this.#refuse);
    if (opening.kind === 'none') return;
    this.bytes -= opening.documentStart;
    this.#chunks.splice(0, this.#chunks.length, soFar.subarray(opening.documentStart));
  }
}

const tooLarge = () =>
  new GridError('BODY_TOO_LARGE', `the document is longer than ${REQUEST_LIMITS.bodyBytes} bytes`, {
    limit: REQUEST_LIMITS.bodyBytes,
  });
