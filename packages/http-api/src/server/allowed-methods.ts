import type { Router } from 'express';

/** The parts of a router's layer that its types leave out. */
interface Matching {
  match(path: string): boolean;
}

/**
 * Returns the methods that routers accept at a path, in capitals and sorted; none when no route has this path. What
 * takes GET takes HEAD.
 */
export function allowedMethods(routers: readonly Router[], path: string): readonly string[] {
  const routes = routers.flatMap((router) =>
    router.stack.filter((layer) => (layer as unknown as Matching).match(path)),
  );
  const methods = routes.flatMap((layer) => layer.route?.stack.map(({ method }) => method.toUpperCase()) ?? []);
  const alike = methods.includes('GET') ? ['HEAD'] : [];
  return [...new Set([...methods, ...alike])].sort();
}
