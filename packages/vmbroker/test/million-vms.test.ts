/** A broker with a million VMs below it, and a link as the product has it: its limits, its socket, its checks. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { createLog } from '@vmgrid/daemon';
import { Membership } from '@vmgrid/market';
import { dialLink, LINK_LIMITS, serveLink, type ToldVm, TRUST_ALL, type VmsEvent, wholeOf } from '@vmgrid/protocol';
import { Announcer } from '../src/announcer.ts';

const PLANTS = 1_000;
const VMS_EACH = 1_000;
const log = createLog('test', 'error');
const clock = { now: () => 0, sleep: () => new Promise<void>(() => undefined) };

const vmOf = (n: number): ToldVm => ({
  requestId: `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`,
  vmId: `vm-00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
  ...{ owner: 'ada', state: 'running', memoryMiB: 256, diskMiB: 2_048, leaseEndsAt: '2026-01-01T00:00:00.000Z' },
});
const VMS = Array.from({ length: VMS_EACH }, (_, n) => vmOf(n));

/** Plants that each change once, as soon as the first VMs have been heard of above. */
class Plants {
  readonly #hasChanged = new Set<string>();
  readonly names = Array.from({ length: PLANTS }, (_, n) => `plant-${n}`);

  whole(plantId: string) {
    return wholeOf({ plantId, run: 1, serial: this.#hasChanged.has(plantId) ? 1 : 0 }, VMS);
  }

  *changes(): Generator<VmsEvent> {
    for (const plantId of this.names) {
      if (this.#hasChanged.has(plantId)) continue;
      this.#hasChanged.add(plantId);
      yield { kind: 'change', plantId, run: 1, serial: 1, at: '2026-01-01T00:00:00.000Z', vm: vmOf(1) };
    }
  }
}

test('a whole of a million VMs passes, and no change that comes meanwhile is lost or heard before its whole', async () => {
  expect(JSON.stringify(VMS).length * PLANTS).toBeGreaterThan(4 * LINK_LIMITS.bufferedBytes);
  const announcer = new Announcer();
  const plants = new Plants();
  const heard = new Map<string, { vms: number; serial: number }>();
  const membership = new Membership({
    clock,
    onProgress: () => undefined,
    onChange: () => undefined,
    onVms: (_, event) => {
      if (heard.size === 0) announcer.tellVms([...plants.changes()]);
      const known = heard.get(event.plantId) ?? { vms: 0, serial: event.serial };
      if (event.kind === 'whole') expect(event.serial).toBe(known.serial);
      else expect([known.vms, known.serial, event.serial]).toEqual([VMS_EACH, 0, 1]);
      heard.set(event.plantId, {
        vms: known.vms + (event.kind === 'whole' ? event.vms.length : 0),
        serial: event.serial,
      });
    },
  });
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const upper = serveLink(server, membership, { log, trust: TRUST_ALL });
  const isTold = Promise.withResolvers<void>();
  const below = plants.names.map((plantId) => ({
    bidder: { plantId, hello: { plantId, version: '1', ad: {} } },
    via: [],
  }));
  const link = dialLink({
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/v1/link`,
    hello: () => ({ plantId: 'broker', version: '1', ad: {}, role: 'broker' }),
    handlers: {} as never,
    ...{ log, trust: TRUST_ALL, random: Math.random },
    changed: (state) => {
      if (state !== 'open') return;
      const known = { membership: { plants: () => below as never }, book: plants };
      announcer.tellAll(link, known).then(isTold.resolve);
    },
  });
  await isTold.promise;
  const last = await upper
    .bidders()[0]!
    .call('listPlants', { deadlineMs: 1_000, path: [] }, { deadlineMs: 60_000 })
    .catch(({ code }) => code);
  expect(last).toBe('LINK_PROTOCOL'); // its answer came after all that was told
  const all = [...heard.values()];
  expect([all.length, all.every(({ vms, serial }) => vms === VMS_EACH && serial === 1)]).toEqual([PLANTS, true]);
  await link.close();
  upper.close();
  server.close();
}, 120_000);
