/**
 * A whole that is far larger than what a link may have waiting, told over a real link while each plant changes once.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLog } from '@vmgrid/daemon';
import { Membership } from '@vmgrid/market';
import { dialLink, type LinkLimits, serveLink, type ToldVm, TRUST_ALL, type VmsEvent, wholeOf } from '@vmgrid/protocol';
import { Announcer } from '../src/announcer.ts';

const log = createLog('test', 'error');
const clock = { now: () => 0, sleep: () => new Promise<void>(() => undefined) };
const VMS_EACH = 1_000;

const vmOf = (n: number): ToldVm => ({
  requestId: `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`,
  vmId: `vm-00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
  ...{ owner: 'ada', state: 'running', memoryMiB: 256, diskMiB: 2_048, leaseEndsAt: '2026-01-01T00:00:00.000Z' },
});
const VMS = Array.from({ length: VMS_EACH }, (_, n) => vmOf(n));

/** Bytes of what so many plants tell, their names left out. */
export const bytesOfWhole = (plants: number): number => JSON.stringify(VMS).length * plants;

/** Plants that each change once, as soon as the first VMs have been heard of above. */
class Plants {
  readonly #hasChanged = new Set<string>();
  readonly names: readonly string[];

  constructor(count: number) {
    this.names = Array.from({ length: count }, (_, n) => `plant-${n}`);
  }

  whole(plantId: string) {
    return wholeOf({ plantId, run: 1, serial: this.#hasChanged.has(plantId) ? 1 : 0 }, VMS);
  }

  change(): readonly VmsEvent[] {
    for (const plantId of this.names) this.#hasChanged.add(plantId);
    const changed = { kind: 'change', run: 1, serial: 1, at: '2026-01-01T00:00:00.000Z', vm: vmOf(1) } as const;
    return this.names.map((plantId) => ({ ...changed, plantId }));
  }
}

export interface HeardWhole {
  readonly vms: number;
  /** Plants of which the change has been heard: in their whole, or after it. */
  readonly changed: number;
  /** Changes that did not come right after the whole that they change. */
  readonly misplaced: number;
}

/** Resolves with what has been heard above when all was told. */
export async function tellLongWhole(count: number, limits: Partial<LinkLimits> = {}): Promise<HeardWhole> {
  const announcer = new Announcer();
  const plants = new Plants(count);
  const heard = new Map<string, { vms: number; serial: number }>();
  let misplaced = 0;
  const membership = new Membership({
    ...{ clock, onProgress: () => undefined, onChange: () => undefined },
    onVms: (_, event) => {
      if (heard.size === 0) announcer.tellVms(plants.change());
      const { plantId, serial } = event;
      const known = heard.get(plantId) ?? { vms: 0, serial };
      const isInPlace = event.kind === 'whole' ? serial === known.serial : known.vms === VMS_EACH && known.serial === 0;
      if (!isInPlace) misplaced += 1;
      heard.set(plantId, { vms: known.vms + (event.kind === 'whole' ? event.vms.length : 0), serial });
    },
  });
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const upper = serveLink(server, membership, { log, trust: TRUST_ALL });
  const told = Promise.withResolvers<void>();
  const below = plants.names.map((plantId) => ({ bidder: { plantId, hello: { version: '1' } }, via: [] }));
  const known = { membership: { plants: () => below as never }, book: plants };
  const link = dialLink({
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/v1/link`,
    hello: () => ({ plantId: 'broker', version: '1', ad: {}, role: 'broker' }),
    handlers: {} as never,
    ...{ log, trust: TRUST_ALL, random: Math.random, limits },
    changed: (state) => state === 'open' && void announcer.tellAll(link, known).then(told.resolve),
  });
  await told.promise;
  // Its answer, that there is no such method, comes after all that was told.
  const [broker] = upper.bidders();
  await broker?.call('listPlants', { deadlineMs: 1, path: [] }, { deadlineMs: 60_000 }).catch(() => undefined);
  await link.close();
  upper.close();
  server.close();
  const all = [...heard.values()];
  const vms = all.reduce((sum, one) => sum + one.vms, 0);
  return { vms, changed: all.filter(({ serial }) => serial === 1).length, misplaced };
}
