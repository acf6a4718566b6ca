import type { Router } from 'express';

/** A layer of a router, as far as its types do not tell. */
interface Matching {
  match(path: string): boolean;
}

/** Methods that routers take at a path, in capitals and in order; none when there is nothing at this path. */
export function allowedMethods(routers: readonly Router[], path: string): readonly string[] {
  const routes = routers.flatMap((router) =>
    router.stack.filter((layer) => (layer as unknown as Matching).match(path)),
  );
  const methods = routes.flatMap((layer) => layer.route?.stack.map(({ method }) => method.toUpperCase()) ?? []);
  return [...new Set(methods)].sort();
}
