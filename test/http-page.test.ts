/** `docs/http.md` against the endpoints: it has every route, who may ask it and what it takes, and no other. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { GRANTS } from '@vmgrid/access';
import { createHttpApp, type GuardedRoute, guardsOf, type HttpAppOptions, memoryRoutes } from '@vmgrid/http-api';
import { ERROR_CATALOGUE, LINK_PATH } from '@vmgrid/protocol';
import { DAEMON_ROUTERS } from '@vmgrid/test-support/grids/daemon-routers.ts';

const docs = join(import.meta.dirname, '../docs');
const text = readFileSync(join(docs, 'http.md'), 'utf8');

/** The page's text about each route, below its heading. */
const ENTRIES = new Map(
  text
    .split(/^### /m)
    .slice(1)
    .map((entry) => [/^`([^`]+)`/.exec(entry)![1]!, entry] as const),
);

/** The routes of all endpoints, each with the line that the page has of it. */
function guardedRoutes(): ReadonlyMap<string, string> {
  const daemons = new Map<string, string[]>();
  const guards = new Map<string, GuardedRoute>();
  for (const [daemon, routers] of Object.entries(DAEMON_ROUTERS)) {
    for (const guard of [...routers, memoryRoutes()].flatMap(guardsOf)) {
      const route = guard.route.replace(' ', ' /v1').replaceAll(/:(\w+)/g, '{$1}');
      daemons.set(route, [...(daemons.get(route) ?? []), daemon]);
      guards.set(route, guard);
    }
  }
  return new Map([...guards].map(([route, guard]) => [route, lineOf(guard, daemons.get(route)!)]));
}

function lineOf({ operation, query }: GuardedRoute, daemons: readonly string[]): string {
  const roles = Object.entries(GRANTS[operation]).map(([role, reach]) => (reach === 'own' ? `${role} (own)` : role));
  const parameters = [...new Set(query)].map((name) => `\`${name}\``).join(', ') || 'none';
  return `Daemons: ${daemons.join(', ')} · Roles: ${roles.join(', ')} · Query: ${parameters}`;
}

/** Returns the routes that need no token, and the link, which is no route of Express. */
function openRoutes(): readonly string[] {
  const options = { host: '127.0.0.1', requestsPerMinute: 1 } as HttpAppOptions;
  const app = createHttpApp({ routers: [], readiness: () => ({ status: 'ready' }) }, options);
  const routes = app.router.stack.flatMap(({ route }) => (route ? [`GET ${route.path}`] : []));
  return [...routes, `GET ${LINK_PATH}`];
}

test('the page has every route of every endpoint, and no other', () => {
  expect([...ENTRIES.keys()].sort()).toEqual([...guardedRoutes().keys(), ...openRoutes()].sort());
});

test.each([...guardedRoutes()])(
  'of %s it says which daemons have it, who may ask, and what it takes',
  (route, line) => {
    expect(ENTRIES.get(route)?.split('\n')).toContain(line);
  },
);

test('the codes that it names are in the catalogue', () => {
  const named = [...text.matchAll(/`([A-Z]+(?:_[A-Z]+)+)`/g)].map(([, code]) => code!);
  expect(named.length).toBeGreaterThan(50);
  expect(named.filter((code) => !Object.hasOwn(ERROR_CATALOGUE, code))).toEqual([]);
});

test('the statuses that it names are those of the codes', () => {
  const named = [...text.matchAll(/`([A-Z_]+)` \((\d{3})/g)].map(([, code, status]) => [code, Number(status)] as const);
  const statuses = named.map(([code]) => [code, ERROR_CATALOGUE[code as keyof typeof ERROR_CATALOGUE].status]);
  expect(named.length).toBeGreaterThan(10);
  expect(named).toEqual(statuses);
});

test('the files that it names are there', () => {
  const named = [...text.matchAll(/\]\(([^)#]+)/g), ...text.matchAll(/@(schemas\/\S+)/g)].map(([, file]) => file!);
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((file) => !existsSync(join(docs, file.replace(/^schemas/, '../schemas'))))).toEqual([]);
});
