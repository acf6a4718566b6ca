/**
 * Every operation that a client can ask of an endpoint, and the roles that may ask it. This table is the whole policy.
 */
import type { Role } from './roles.ts';

/** The objects that a grant covers: the principal's own, or all. Plants and images have no owner and need `all`. */
export type Reach = 'own' | 'all';

type Grant = Readonly<Partial<Record<Role, Reach>>>;

const changesVm: Grant = { user: 'own', operator: 'all' };
const readsOwned: Grant = { user: 'own', operator: 'all', auditor: 'all' };
const asksMarket: Grant = { user: 'own', operator: 'all' };
const readsPlants: Grant = { user: 'all', operator: 'all', auditor: 'all' };
const readsImages: Grant = { operator: 'all', auditor: 'all' };
const changesImages: Grant = { operator: 'all' };

export const GRANTS = {
  'vm.create': changesVm,
  'vm.configure': changesVm,
  'vm.destroy': changesVm,
  'vm.suspend': changesVm,
  'vm.resume': changesVm,
  'vm.start': changesVm,
  'vm.renew': changesVm,
  'vm.query': readsOwned,
  'vm.list': readsOwned,
  'vm.events': readsOwned,
  'vm.estimate': asksMarket,
  'vm.explain': asksMarket,
  'request.read': readsOwned,
  'request.events': readsOwned,
  'request.cancel': changesVm,
  'file.put': changesVm,
  'file.list': readsOwned,
  'file.remove': changesVm,
  'auction.list': readsOwned,
  'auction.read': readsOwned,
  'plant.list': readsPlants,
  'plant.events': readsPlants,
  'plant.requests': readsImages,
  'image.list': readsImages,
  'image.read': readsImages,
  'image.diff': readsImages,
  'image.suggest': readsImages,
  'image.export': changesImages,
  'image.build': changesImages,
  'image.verify': changesImages,
  'image.collect': changesImages,
  'image.label': changesImages,
  'image.remove': changesImages,
  'image.import': changesImages,
  'audit.read': { operator: 'all', auditor: 'all' },
  'memory.read': { operator: 'all', auditor: 'all' },
  /** An XML document of any verb: the verb's own operation is checked once it is known. */
  'document.send': readsOwned,
  /** To register as a plant or broker below, by its name. */
  'link.register': { node: 'own', join: 'all' },
  /** To be a shop or broker above and call those below. */
  'link.command': { join: 'all' },
} as const satisfies Record<string, Grant>;

export type GridOperation = keyof typeof GRANTS;

/** Operations that free resources: a host without room needs them most. */
const TAKES_AWAY: ReadonlySet<string> = new Set<GridOperation>([
  'vm.destroy',
  'request.cancel',
  'file.remove',
  'image.collect',
  'image.remove',
]);

/** Whether an operation may be carried out while the audit trail cannot be written. Its entry follows later. */
export const goesUnaudited = (operation: string | undefined): boolean => TAKES_AWAY.has(operation ?? '');

/** Whether an operation changes anything. */
export function isChange(operation: string | undefined): boolean {
  const grant = (GRANTS as Readonly<Record<string, Grant>>)[operation ?? ''];
  return grant === changesVm || grant === changesImages;
}
