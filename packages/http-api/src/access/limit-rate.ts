/** Limits the requests a minute of a client. */
import { isLoopback } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import type { Request, RequestHandler, Response } from 'express';
import { ipKeyGenerator, rateLimit } from 'express-rate-limit';
import { sendError } from '../exchange/send.ts';

export const limitRate = (requestsPerMinute: number): RequestHandler =>
  rateLimit({
    windowMs: 60_000,
    limit: requestsPerMinute,
    standardHeaders: 'draft-7',
    legacyHeaders: false,
    keyGenerator: clientOf,
    validate: { xForwardedForHeader: false }, // of a proxy that is not believed
    handler: (request, response) => {
      const { used } = (request as Request & { readonly rateLimit: { readonly used: number } }).rateLimit;
      const message = `${used} requests in this minute, the limit is ${requestsPerMinute}`;
      sendError(request, response, new GridError('RATE_LIMITED', message, { used, limit: requestsPerMinute }));
    },
  });

/** All users of this machine share its address, so clients with valid credentials are distinguished by these. */
function clientOf({ ip = '' }: Request, { locals }: Response): string {
  const { principal } = locals;
  if (principal === undefined || !isLoopback(ip.replace(/^::ffff:/i, ''))) return `address ${ipKeyGenerator(ip)}`;
  return `credentials ${principal.credential} of ${principal.owner}`;
}
