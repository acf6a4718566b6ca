import { whenClosed } from '@vmgrid/daemon';
import type { RequestHandler } from 'express';
import { watchCredentials } from './still-known.ts';

/**
 * Ends a request, be it a stream of events, an archive or a reply that is waited for, once its client's credentials hold no longer.
 * What it began goes on.
 */
export const whileKnown =
  (everyMs?: number): RequestHandler =>
  (_request, response, next) => {
    const showAgain = () => response.locals.showAgain?.();
    whenClosed(
      response,
      watchCredentials(showAgain, () => response.destroy(), everyMs),
    );
    next();
  };
