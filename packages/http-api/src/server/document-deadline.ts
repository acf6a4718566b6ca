import { whenClosed } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import type { RequestHandler } from 'express';
import { sendError } from '../exchange/send.ts';

/** Refuses a request whose body is not complete in time, on servers that give other bodies more time. */
export const documentDeadline =
  (ms: number): RequestHandler =>
  (request, response, next) => {
    const timer = setTimeout(() => {
      if (request.complete || response.headersSent) return;
      response.setHeader('connection', 'close');
      response.once('finish', () => request.destroy());
      sendError(
        request,
        response,
        new GridError('BODY_INCOMPLETE', `the request was not complete within ${ms} ms`, { requestMs: ms }),
      );
    }, ms);
    whenClosed(request, () => clearTimeout(timer));
    request.once('end', () => clearTimeout(timer));
    next();
  };
