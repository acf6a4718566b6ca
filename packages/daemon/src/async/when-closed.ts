/** A stream, a socket, a request or a response. */
export interface Closable {
  readonly closed: boolean;
  once(event: 'close', listener: () => void): unknown;
}

/**
 * Calls `tell` once the stream is closed: at once when it is closed already, because its `close` event does not come
 * again.
 */
export function whenClosed(stream: Closable, tell: () => void): void {
  if (stream.closed) tell();
  else stream.once('close', tell);
}
