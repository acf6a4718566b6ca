/**
 * The paper's own interface: XML request and reply over a TCP socket. The client sends its token in a line, then one
 * document, and half-closes (`cat operator.token request.xml | nc -N host 7781`); the reply comes and the connection
 * ends. Of a client that does not say who it is no document is read; one whose token is revoked meanwhile is not
 * answered.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { TlsFiles } from '@vmgrid/access';
import { whenClosed } from '@vmgrid/daemon';
import { type BodyLimit, bodyLimitOf, refusalOf, watchCredentials } from '@vmgrid/http-api';
import { GridError, REQUEST_LIMITS } from '@vmgrid/protocol';
import { ConnectionLimiter } from './connection-limiter.ts';
import { IncomingDocument } from './incoming-document.ts';

export interface TcpServerOptions<Who> {
  /** Returns the principal who shows this token, from this address. @throws GridError UNAUTHENTICATED */
  readonly admit: (token: string | undefined, from: string | undefined) => Who | Promise<Who>;
  /** Whose connections are counted together. */
  readonly ownerOf: (who: Who) => string;
  /**
   * Looks at a token that was admitted once more: when its document has come, and while the reply is waited for.
   * @throws as `admit`
   */
  readonly revalidate?: (token: string | undefined, from: string | undefined) => unknown;
  /** How often while the reply is waited for. */
  readonly lookedAtMs?: number;
  /** How long a document of this client may be; as any when left out. */
  readonly limitOf?: (who: Who) => BodyLimit;
  /**
   * Turns one request document into one reply document; errors are its business and come back as a reply. What it is
   * given last looks at the token once more, for work that lasts before anything is carried out.
   */
  readonly answer: (document: Buffer, who: Who, revalidate: () => unknown) => Promise<string>;
  /** The reply for a document that never became complete. */
  readonly refuse: (error: GridError) => string;
  /** How long a client may take to send its document, and then to take the reply. */
  readonly documentMs?: number;
  /** How long a client that has not said who it is may take to. */
  readonly tokenMs?: number;
  readonly connections?: number;
  /** In clear without. */
  readonly tls?: Pick<TlsFiles, 'serve'> | undefined;
}

/** Connections at the same time. */
const TCP_CONNECTIONS = 1_024;

/** Makes the server; the caller listens and closes. */
export function createTcpServer<Who>(options: TcpServerOptions<Who>): Server {
  const settings = { allowHalfOpen: true, noDelay: true };
  const { tls, admit, connections = TCP_CONNECTIONS } = options;
  const connectionLimiter = new ConnectionLimiter(connections);
  const open = (socket: Socket) => {
    let shown: string | undefined;
    const admitHere = async (token: string | undefined): Promise<Who> => {
      const who = await admit(token, socket.remoteAddress);
      shown = token;
      connectionLimiter.recognize(socket, options.ownerOf(who));
      return who;
    };
    const revalidate = () => options.revalidate?.(shown, socket.remoteAddress);
    void serve(socket, { ...options, admit: admitHere, revalidate });
  };
  const server = tls
    ? tls.serve((shown) => createTlsServer({ ...settings, ...shown }, open))
    : createServer(settings, open);
  server.on('connection', (socket: Socket) => connectionLimiter.enter(socket));
  return server;
}

/** The options for one client. */
interface ServeOptions<Who> extends Omit<TcpServerOptions<Who>, 'admit' | 'revalidate'> {
  readonly admit: (token: string | undefined) => Promise<Who>;
  readonly revalidate: () => unknown;
}

async function serve<Who>(socket: Socket, options: ServeOptions<Who>): Promise<void> {
  const withinMs = options.documentMs ?? REQUEST_LIMITS.documentMs;
  socket.on('error', () => socket.destroy()); // the client is gone: nobody is left to tell
  try {
    const { who, document } = await readDocument(socket, options, withinMs);
    const refusal = await refusalOf(options.revalidate);
    if (refusal) throw refusal;
    socket.end(await abortOnRevocation(socket, options, () => options.answer(document, who, options.revalidate)));
  } catch (error) {
    socket.end(options.refuse(GridError.from(error)));
    socket.resume(); // what still comes is not read
  }
  destroyAfter(socket, withinMs);
}

/** The connection ends once the token holds no longer; what the document began goes on. */
async function abortOnRevocation<T>(
  socket: Socket,
  { revalidate, lookedAtMs }: Pick<ServeOptions<unknown>, 'revalidate' | 'lookedAtMs'>,
  work: () => Promise<T>,
): Promise<T> {
  const unwatch = watchCredentials(revalidate, () => socket.destroy(), lookedAtMs);
  try {
    return await work();
  } finally {
    unwatch();
  }
}

/** Not after so long a silence: a client that goes on sending is never silent. */
function destroyAfter(socket: Socket, ms: number): void {
  const timer = setTimeout(() => socket.destroy(), ms);
  whenClosed(socket, () => clearTimeout(timer));
}

/**
 * @throws GridError BODY_TOO_LARGE, QUOTA_BODY, BODY_INCOMPLETE, and what `admit` throws, as soon as the token has come
 */
function readDocument<Who>(
  socket: Socket,
  options: ServeOptions<Who>,
  withinMs: number,
): Promise<{ readonly who: Who; readonly document: Buffer }> {
  const { admit, tokenMs = REQUEST_LIMITS.tokenLineMs } = options;
  const { promise, resolve, reject } = Promise.withResolvers<{ who: Who; document: Buffer }>();
  const incoming = new IncomingDocument<Who>({
    admit,
    limitOf: options.limitOf ?? NO_QUOTA,
    refuse: reject,
  });
  const incomplete = (what: string, withinMs?: number) => {
    const message = `${what}; ${incoming.bytes} bytes had come`;
    reject(new GridError('BODY_INCOMPLETE', message, { bytes: incoming.bytes, withinMs }));
  };
  const noToken = () => incoming.isOpened || incomplete(`no token came within ${tokenMs} ms`, tokenMs);
  const noMore = () => incomplete(`the document was not complete within ${withinMs} ms`, withinMs);
  // Data that came before the deadline are read first: on a busy host the timer may run before them.
  const timers = [setTimeout(() => setImmediate(noToken), tokenMs), setTimeout(() => setImmediate(noMore), withinMs)];
  const listeners = {
    data: (chunk: Buffer) => incoming.add(chunk),
    end: () => resolve(incoming.end()),
    close: () => incomplete('the connection closed'),
  };
  for (const [event, listener] of Object.entries(listeners)) socket.on(event, listener);
  return promise.finally(() => {
    for (const timer of timers) clearTimeout(timer);
    for (const [event, listener] of Object.entries(listeners)) socket.off(event, listener);
  });
}

const NO_QUOTA = () => bodyLimitOf(undefined, undefined);
