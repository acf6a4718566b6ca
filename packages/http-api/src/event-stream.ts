/** Server-Sent Events (HTML Living Standard, section 9.2). */
import { whenClosed } from '@vmgrid/daemon';
import type { ProgressEvent } from '@vmgrid/protocol';
import type { Response } from 'express';
import type { Operation } from './operations.ts';

/** Bytes waiting for a client that does not read before it is cut off; it may come back and hear all again. */
const BUFFERED_BYTES = 1024 * 1024;
/** A comment this often keeps proxies from closing a silent stream, and finds clients that have gone. */
const KEEP_ALIVE_MS = 15_000;

/** Sends one event; its data are JSON. */
export type SendEvent = (name: string, data: unknown) => void;

/**
 * Opens a stream of events. `subscribe` gets the function that sends one and returns how to stop; it is stopped when
 * the client has gone or the response was ended.
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

/** Sends every event of an operation so far and each as it comes; `end` follows when the request is settled. */
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
