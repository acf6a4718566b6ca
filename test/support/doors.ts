/** The doors of a shop as clients of any make use them: plain HTTP and plain TCP. */
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Undefined when the body is not JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever the shop answered
  readonly json: any;
}

export async function http(
  url: string,
  { method = 'POST', body, ...headers }: { method?: string; body?: string | Uint8Array } & Record<string, unknown> = {},
): Promise<HttpAnswer> {
  const response = await fetch(url, {
    method,
    headers: headers as Record<string, string>,
    body: (body as RequestInit['body'] | undefined) ?? null,
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: parsed(text) };
}

export const JSON_BODY = { 'content-type': 'application/json' } as const;
export const XML_BODY = { 'content-type': 'application/xml' } as const;

export const postJson = (url: string, body: unknown, headers: Record<string, string> = {}): Promise<HttpAnswer> =>
  http(url, { ...JSON_BODY, ...headers, body: typeof body === 'string' ? body : JSON.stringify(body) });

export const postXml = (url: string, body: string, headers: Record<string, string> = {}): Promise<HttpAnswer> =>
  http(url, { ...XML_BODY, ...headers, body });

/** Sends a document, half-closes, and reads to the end, as `nc -N` does. */
export async function tcp(port: number, document: string | Uint8Array): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined); // what came until then is the answer
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
