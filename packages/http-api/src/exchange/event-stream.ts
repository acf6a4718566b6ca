/** Server-Sent Events (HTML Living Standard, section 9.2). */
import { whenClosed } from '@vmgrid/daemon';
import type { ProgressEvent } from '@vmgrid/protocol';
import type { Response } from 'express';
import type { Operation } from '../operations/operations.ts';

/**
 * Bytes that may wait for a client that does not read before it is cut off. It may connect again and receive everything
 * anew.
 */
const BUFFERED_BYTES = 1024 * 1024;
/**
 * Milliseconds between comments, which keep proxies from closing a silent stream, and detect clients that have gone.
 */
const KEEP_ALIVE_MS = 15_000;

/** Sends one event; its data are encoded as JSON. */
export type SendEvent = (name: string, data: unknown) => void;

/**
 * Opens a stream of events. `subscribe` gets the function that sends one, and returns the function that stops; that is
 * called when the client has gone or the response has ended.
 */
export function streamEvents(
  response: Response,
  subscribe: (send: SendEvent) => () => void,
  keepAliveMs = KEEP_ALIVE_MS,
): void {
  response.setHeader('content-type', 'text/event-stream');
  response.setHeader('cache-control', 'no-store');
  response.flushHeaders();
  const write = (text: string) => {
    response.write(text);
    if (response.writableLength > BUFFERED_BYTES) response.destroy();
  };
  const stop = subscribe((name, data) => write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`));
  const keepAlive = setInterval(() => write(':\n\n'), keepAliveMs);
  whenClosed(response, () => {
    stop();
    clearInterval(keepAlive);
  });
}

/** Sends every event of an operation so far and each new one; an event `end` follows when the request is settled. */
export function streamProgress(operation: Operation, response: Response): void {
  streamEvents(response, (send) => {
    const end = () => {
      send('end', { state: operation.state });
      response.end();
    };
    operation.settled.then(end, end);
    return operation.listen((event: ProgressEvent) => send('progress', event));
  });
}
