import type { Log } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import type { ErrorRequestHandler } from 'express';
import { sendError } from '../exchange/send.ts';

/** Sends what a route threw as an error with a code, and logs it when it is no GridError. */
export const errorHandler =
  (log: Log): ErrorRequestHandler =>
  // biome-ignore lint/complexity/useMaxParams: Express knows an error handler by its four parameters.
  (thrown, request, response, _next) => {
    const error = fromExpress(thrown);
    if (error.code === 'INTERNAL')
      log.error({ err: thrown, method: request.method, path: request.path }, 'request failed');
    if (response.headersSent) response.destroy();
    else sendError(request, response, error);
  };

/** Errors of express's own body reader carry a `type`; errors of its decompression only a `status`. */
function fromExpress(thrown: unknown): GridError {
  const { type, status } = (thrown ?? {}) as { type?: unknown; status?: unknown };
  if (type === 'request.aborted' || type === 'request.size.invalid') {
    return new GridError('BODY_INCOMPLETE', 'the connection ended before the body was complete');
  }
  if (type === 'encoding.unsupported')
    return new GridError('MEDIA_TYPE_UNSUPPORTED', 'the Content-Encoding is not known');
  if (thrown instanceof URIError)
    return new GridError('REQUEST_MALFORMED', 'the address is not valid percent-encoding');
  if (status === 400)
    return new GridError('REQUEST_MALFORMED', 'the body is not compressed as its Content-Encoding says');
  return GridError.from(thrown);
}
