import { whenClosed } from '@vmgrid/daemon';
import type { RequestHandler } from 'express';
import { watchCredentials } from './revalidate.ts';

/**
 * Ends a request (a stream of events, an archive, or a reply that is waited for) when its client's credentials become
 * invalid. The work that it began goes on.
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
