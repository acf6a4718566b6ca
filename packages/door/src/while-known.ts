import { GridError } from '@vmgrid/protocol';
import type { RequestHandler, Response } from 'express';

/** How often the credentials of a request that lasts are looked at again. */
const LOOKED_AT_MS = 15_000;

/**
 * Ends a request, be it a stream of events, an archive or a reply that is waited for, once its client's credentials hold no longer.
 * What it began goes on.
 */
export const whileKnown =
  (everyMs = LOOKED_AT_MS): RequestHandler =>
  (_request, response, next) => {
    const looking = setInterval(() => void endUnlessKnown(response), everyMs);
    response.once('close', () => clearInterval(looking));
    next();
  };

/** Too many requests at the moment, or keys that cannot be had, are no verdict. */
async function endUnlessKnown(response: Response): Promise<void> {
  try {
    await response.locals.showAgain?.();
  } catch (error) {
    if (GridError.from(error).code === 'UNAUTHENTICATED') response.destroy();
  }
}
