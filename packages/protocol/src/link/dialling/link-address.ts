/** The path where links are accepted. */
export const LINK_PATH = '/v1/link';

/** Converts an http, https, ws or wss address to a WebSocket address. Without a path, `/v1/link`. */
export function linkAddress(text: string): string {
  const url = new URL(text);
  url.protocol = url.protocol.replace(/^http/, 'ws');
  if (url.pathname === '/') url.pathname = LINK_PATH;
  return url.href;
}
