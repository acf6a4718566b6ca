/** The endpoints of a shop as clients of any make use them: plain HTTP and plain TCP, with a token. */
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** Where a shop is, and what is shown to it. */
export interface ShopEndpoints {
  readonly shopUrl: string;
  readonly xmlPort: number;
  readonly token: string;
}

export const bearer = ({ token }: Pick<ShopEndpoints, 'token'>) => ({ authorization: `Bearer ${token}` });

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Undefined when the body is not JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever the shop answered
  readonly json: any;
}

export async function http(
  endpoints: ShopEndpoints,
  path: string,
  { method = 'POST', body, ...headers }: { method?: string; body?: string | Uint8Array } & Record<string, unknown> = {},
): Promise<HttpAnswer> {
  const response = await fetch(`${endpoints.shopUrl}${path}`, {
    method,
    headers: { ...bearer(endpoints), ...headers } as Record<string, string>,
    body: (body as RequestInit['body'] | undefined) ?? null,
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: parsed(text) };
}

export const JSON_BODY = { 'content-type': 'application/json' } as const;
export const XML_BODY = { 'content-type': 'application/xml' } as const;

export const postJson = (endpoints: ShopEndpoints, path: string, body: unknown): Promise<HttpAnswer> =>
  http(endpoints, path, { ...JSON_BODY, body: typeof body === 'string' ? body : JSON.stringify(body) });

export const postXml = (endpoints: ShopEndpoints, path: string, body: string): Promise<HttpAnswer> =>
  http(endpoints, path, { ...XML_BODY, body });

/** Sends a token and a document, half-closes, and reads to the end, as `cat TOKEN-FILE DOCUMENT | nc -N` does. */
export async function tcp({ xmlPort, token }: ShopEndpoints, document: string | Uint8Array): Promise<string> {
  const socket = connect({ port: xmlPort, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined); // what came until then is the answer
  socket.write(`${token}\n`);
  socket.end(document);
  return (await buffer(socket)).toString('utf8');
}

/** The first bytes a server says by itself. */
export function banner(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.setTimeout(10_000, () => socket.destroy(new Error(`nothing came from port ${port}`)));
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString('latin1'));
    });
    socket.once('error', reject);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
