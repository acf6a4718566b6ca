import { whenClosed } from '@vmgrid/daemon';
import type { RequestHandler } from 'express';
import { watchCredentials } from './revalidate.ts';

/**
 * Ends a request, be it a stream of events, an archive or a reply that is waited for, once its client's credentials
 * hold no longer. What it began goes on.
 */
export const abortOnRevocation =
  (everyMs?: number): RequestHandler =>
  (_request, response, next) => {
    const revalidate = () => response.locals.revalidate?.();
    whenClosed(
      response,
      watchCredentials(revalidate, () => response.destroy(), everyMs),
    );
    next();
  };
