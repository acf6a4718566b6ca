/** Progress of one request as Server-Sent Events (HTML Living Standard, section 9.2). */
import type { ServerResponse } from 'node:http';
import type { ProgressEvent } from '@vmgrid/protocol';
import type { Operation } from './operations.ts';

/** Bytes waiting for a client that does not read before it is cut off; it may come back and hear all again. */
const BUFFERED_BYTES = 1024 * 1024;
/** A comment this often keeps proxies from closing a silent stream, and finds clients that have gone. */
const KEEP_ALIVE_MS = 15_000;

/** Sends every event so far and each as it comes; `end` follows when the request is settled. */
export function streamProgress(operation: Operation, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  const write = (text: string) => {
    response.write(text);
    if (response.writableLength > BUFFERED_BYTES) response.destroy();
  };
  const stop = operation.listen((event: ProgressEvent) => write(`event: progress\ndata: ${JSON.stringify(event)}\n\n`));
  const keepAlive = setInterval(() => write(':\n\n'), KEEP_ALIVE_MS);
  const end = () => void response.end(`event: end\ndata: ${JSON.stringify({ state: operation.state })}\n\n`);
  operation.settled.then(end, end);
  response.on('close', () => {
    stop();
    clearInterval(keepAlive);
  });
}
