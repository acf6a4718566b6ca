import { isLoopback } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import type { RequestHandler } from 'express';

/** Characters of a host that a message shows. */
const HOST_SHOWN = 100;

/**
 * Refuses requests for a foreign Host while the endpoint listens on loopback only: a web page whose name was pointed at
 * this machine (DNS rebinding) sends that name. The names of an endpoint on another address are not known, so there
 * every Host passes unless some names are allowed explicitly.
 */
export function hostAllowlist(listenedOn: string, allowed: readonly string[] = []): RequestHandler {
  if (!isLoopback(listenedOn) && allowed.length === 0) return (_request, _response, next) => next();
  const known = new Set([listenedOn, ...allowed].map((name) => name.toLowerCase()));
  return (request, _response, next) => {
    const host = request.get('host')?.replace(/:\d+$/, '');
    // Every browser sends a Host.
    if (host === undefined || isLoopback(host) || known.has(host.toLowerCase())) return next();
    const shown = host.slice(0, HOST_SHOWN);
    next(
      new GridError('HOST_UNKNOWN', `the Host is ${shown}, this endpoint listens on ${listenedOn}`, { host: shown }),
    );
  };
}
