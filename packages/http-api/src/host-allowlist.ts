import { isLoopback } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import type { RequestHandler } from 'express';

/** Characters of a host that a message shows. */
const HOST_SHOWN = 100;

/**
 * Refuses requests to a foreign Host while the endpoint listens on loopback only: a web page whose name was pointed at
 * this machine (DNS rebinding) sends that name. An endpoint on another address is reached by names it cannot know, so
 * there all pass, unless some are allowed by name.
 */
export function hostAllowlist(listenedOn: string, allowed: readonly string[] = []): RequestHandler {
  if (!isLoopback(listenedOn) && allowed.length === 0) return (_request, _response, next) => next();
  const known = new Set([listenedOn, ...allowed].map((name) => name.toLowerCase()));
  return (request, _response, next) => {
    const host = request.get('host')?.replace(/:\d+$/, '');
    // Every browser names a host.
    if (host === undefined || isLoopback(host) || known.has(host.toLowerCase())) return next();
    const shown = host.slice(0, HOST_SHOWN);
    next(
      new GridError('HOST_UNKNOWN', `the Host is ${shown}, this endpoint listens on ${listenedOn}`, { host: shown }),
    );
  };
}
