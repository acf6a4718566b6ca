/** Guards routes: each route has a guard as its first handler, or the endpoint does not open. */
import { type Authenticator, authorize, bearerOf, type GridOperation, type Principal } from '@vmgrid/access';
import type { Caller } from '@vmgrid/protocol';
import type { RequestHandler, Response, Router } from 'express';
import { type Queried, requireKnownQuery } from '../exchange/query.ts';

/** Authenticates the request; `requireIdentity` refuses it later if that failed. */
export const identify =
  (authenticator: Authenticator): RequestHandler =>
  async (request, response, next) => {
    const show = async () => authenticator.authenticate(bearerOf(request.get('authorization')));
    response.locals.revalidate = show;
    try {
      response.locals.principal = await show();
    } catch (refusal) {
      response.locals.refusal = refusal;
    }
    next();
  };

/** Lets in requests with valid credentials. */
export const requireIdentity: RequestHandler = (_request, { locals }, next) =>
  locals.principal === undefined ? next(locals.refusal) : next();

export interface Guard {
  (request: Queried, response: Response, next: () => void): Promise<void>;
  readonly operation: GridOperation;
  /** Query parameters that the route accepts. */
  readonly query: readonly string[];
}

/** A route of a router, by method and path, with its guard. */
export interface GuardedRoute extends Pick<Guard, 'operation' | 'query'> {
  readonly route: string;
}

/**
 * Lets in principals that may ask the operation; the route finds out with `callerOf` which objects they may reach.
 * `query` names the query parameters that the route accepts.
 */
export function guard(operation: GridOperation, query: readonly string[] = []): Guard {
  const check = async (request: Queried, response: Response, next: () => void): Promise<void> => {
    response.locals.operation = operation;
    response.locals.caller = authorize(principalOf(response), operation);
    requireKnownQuery(request, query);
    await response.locals.begins?.();
    next();
  };
  return Object.assign(check, { operation, query });
}

/** Returns the principal of an authenticated request. */
export const principalOf = (response: Response): Principal => required(response.locals.principal, 'authenticated');

/** Returns the caller on whose behalf a guarded route works. */
export const callerOf = (response: Response): Caller => required(response.locals.caller, 'guarded');

function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`the route is not ${what}`);
  return value;
}

/** Lists the routes of a router, by method and path, with their guards. @throws when a route has no guard */
export function guardsOf(router: Router): readonly GuardedRoute[] {
  return router.stack.map(({ route, name }) => {
    if (!route) throw new Error(`${name} is no route: a guard cannot be seen`);
    const [first] = route.stack;
    const { operation, query = [] } = first!.handle as Partial<Guard>;
    const text = `${first!.method.toUpperCase()} ${route.path}`;
    if (operation === undefined) throw new Error(`${text} has no guard: nobody said who may ask it`);
    return { route: text, operation, query };
  });
}
