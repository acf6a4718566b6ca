/** Where links are accepted. */
export const LINK_PATH = '/v1/link';

/** The WebSocket address of an http, https, ws or wss one. Without a path, `/v1/link`. */
export function linkAddress(text: string): string {
  const url = new URL(text);
  url.protocol = url.protocol.replace(/^http/, 'ws');
  if (url.pathname === '/') url.pathname = LINK_PATH;
  return url.href;
}
