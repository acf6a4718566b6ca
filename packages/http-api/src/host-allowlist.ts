import { isLoopback } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import type { RequestHandler } from 'express';

/** Characters of a host that a message shows. */
const HOST_SHOWN = 100;

/**
 * Refuses requests to a foreign Host while the door listens on loopback only: a web page whose name was pointed at this
 * machine (DNS rebinding) sends that name. A door on another address is reached by names it cannot know, so there all pass.
 */
export function hostAllowlist(listenedOn: string): RequestHandler {
  if (!isLoopback(listenedOn)) return (_request, _response, next) => next();
  return (request, _response, next) => {
    const host = request.get('host')?.replace(/:\d+$/, '');
    if (host === undefined || isLoopback(host)) return next(); // every browser names a host
    const shown = host.slice(0, HOST_SHOWN);
    next(new GridError('HOST_UNKNOWN', `the Host is ${shown}, this door listens on ${listenedOn}`, { host: shown }));
  };
}
