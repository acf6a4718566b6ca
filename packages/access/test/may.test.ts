/** The whole policy (who may do what), written out once more by role, so that no grant changes unnoticed. */
import { describe, expect, test } from '@jest/globals';
import { authorize, GRANTS, type GridOperation, isRole, may, ROLES, type Role, reachOf } from '../src/index.ts';

const OPERATIONS = Object.keys(GRANTS) as GridOperation[];

const OWN_VMS = ['vm.create', 'vm.configure', 'vm.destroy', 'vm.suspend', 'vm.resume', 'vm.start', 'vm.renew'];
const MARKET = ['vm.estimate', 'vm.explain'];
const READ_OWN = ['vm.query', 'vm.list', 'vm.events', 'request.read', 'request.events', 'auction.list', 'auction.read'];
const DOCUMENTS = ['document.send'];
const PLANTS = ['plant.list', 'plant.events'];
const READ_IMAGES = ['plant.requests', 'image.list', 'image.read', 'image.diff', 'image.suggest', 'audit.read'];
const READ_DAEMONS = ['memory.read'];
const CHANGE_IMAGES = ['image.build', 'image.verify', 'image.collect', 'image.label', 'image.remove'];
const CARRY_IMAGES = ['image.export', 'image.import'];

const LINKS: readonly string[] = ['link.register', 'link.command'];

const EXPECTED: Readonly<Record<Role, Readonly<Record<'own' | 'all', readonly string[]>>>> = {
  user: { own: [...OWN_VMS, ...MARKET, ...READ_OWN, ...DOCUMENTS], all: PLANTS },
  operator: { own: [], all: OPERATIONS.filter((operation) => !LINKS.includes(operation)) },
  node: { own: ['link.register'], all: [] },
  join: { own: [], all: LINKS },
  auditor: { own: [], all: [...READ_OWN, ...DOCUMENTS, ...PLANTS, ...READ_IMAGES, ...READ_DAEMONS] },
};

const expectedReach = (role: Role, operation: string) =>
  EXPECTED[role].all.includes(operation) ? 'all' : EXPECTED[role].own.includes(operation) ? 'own' : undefined;

test('every operation is in one of the groups below', () => {
  const grouped = [
    OWN_VMS,
    MARKET,
    READ_OWN,
    DOCUMENTS,
    PLANTS,
    READ_IMAGES,
    READ_DAEMONS,
    CHANGE_IMAGES,
    CARRY_IMAGES,
    LINKS,
  ].flat();
  expect(grouped.toSorted()).toEqual(OPERATIONS.toSorted());
});

describe.each(ROLES)('the role %s', (role) => {
  test.each(OPERATIONS)('has %s as the table says, of its own, of others and of nobody', (operation) => {
    const principal = { owner: 'ada', roles: [role] };
    const reach = expectedReach(role, operation);
    expect(reachOf(principal, operation)).toBe(reach);
    expect(may(principal, operation)).toBe(reach !== undefined);
    expect(may(principal, operation, { owner: 'ada' })).toBe(reach !== undefined);
    expect(may(principal, operation, { owner: 'bob' })).toBe(reach === 'all');
    expect(may(principal, operation, {})).toBe(reach === 'all');
  });
});

test('an auditor changes nothing', () => {
  const changes = [...OWN_VMS, ...CHANGE_IMAGES, ...CARRY_IMAGES] as GridOperation[];
  expect(changes.filter((operation) => may({ owner: 'eve', roles: ['auditor'] }, operation))).toEqual([]);
});

test.each(OPERATIONS)('who has no role has no %s', (operation) => {
  const nobody = { owner: 'eve', roles: [], credential: 'none' };
  expect(may(nobody, operation)).toBe(false);
  expect(() => authorize(nobody, operation)).toThrow(expect.objectContaining({ code: 'FORBIDDEN' }));
});

test('the widest of several roles counts', () => {
  const both = { owner: 'ada', roles: ['user', 'auditor'] as const };
  expect([reachOf(both, 'vm.query'), reachOf(both, 'vm.destroy'), reachOf(both, 'image.remove')]).toEqual([
    'all',
    'own',
    undefined,
  ]);
});

test('a refusal names the operation, who may, and what roles were shown', () => {
  const ada = { owner: 'ada', roles: ['user'] as const, credential: 'ada-1' };
  expect(() => authorize(ada, 'image.remove')).toThrow(
    expect.objectContaining({
      code: 'FORBIDDEN',
      message: 'image.remove is for the roles operator; ada has user',
      details: { operation: 'image.remove', roles: ['user'] },
    }),
  );
  expect(authorize(ada, 'vm.query')).toEqual({ owner: 'ada', sees: 'own' });
});

test('names of things every object has are no roles', () => {
  expect(['toString', 'constructor', '__proto__', 'USER', ''].filter(isRole)).toEqual([]);
});
