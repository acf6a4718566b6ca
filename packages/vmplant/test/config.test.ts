import { expect, test } from '@jest/globals';
import { checkConfig } from '@vmgrid/daemon';
import { UNTROUBLED } from '../../lines/src/simulated/simulated-config.ts';
import { PlantConfig } from '../src/config.ts';

const minimal = { plantId: 'plant-1', stateDirectory: '/state', warehouseDirectory: '/warehouse' };

test('a plant needs a name and two folders; the rest has defaults', () => {
  expect(checkConfig(PlantConfig, minimal, 'test')).toEqual({
    ...minimal,
    upstreams: ['ws://127.0.0.1:7780/v1/link'],
    host: '127.0.0.1',
    requestsPerMinute: 6_000,
    lines: ['qemu'],
    libvirt: {},
    simulated: UNTROUBLED,
    capacity: { vms: 64 },
    cost: 'memory',
    bidValidity: 'PT30S',
    lease: { default: 'PT4H', maximum: 'P7D', warning: 'PT10M', suspended: 'P7D' },
    guestNetwork: 'isolated',
    bootDeadline: 'PT3M',
    standingOffers: true,
    concurrentCreations: 4,
    tending: { enabled: false, idleFor: 'PT1M', quotaMiB: 8192, minimumSavedSeconds: 60 },
    heapMiB: 1_024,
    logLevel: 'info',
    filesMiB: 4_096,
  });
});

test('a plant that has an endpoint may dial nobody', () => {
  const config = { ...minimal, upstreams: [], httpPort: 0 };
  expect(checkConfig(PlantConfig, config, 'test')).toMatchObject({ upstreams: [], httpPort: 0 });
});

test.each([
  [{ stateDirectory: 'relative' }, '/stateDirectory'],
  [{ upstreams: ['http://127.0.0.1'] }, '/upstreams/0'],
  [{ upstreams: [] }, '/upstreams'],
  [{ lines: ['xen'] }, '/lines/0'],
  [{ httpPort: 65_536 }, '/httpPort'],
  [{ capacity: { memoryMiB: 1 } }, '/capacity/memoryMiB'],
  [{ capacity: { memoryMB: 1 } }, 'memoryMB'],
  [{ lease: { default: 'four hours' } }, '/lease/default'],
  [{ guestNetwork: 'bridged' }, '/guestNetwork'],
  [{ tending: { idleFor: 'a minute' } }, '/tending/idleFor'],
  [{ concurrentCreations: 0 }, '/concurrentCreations'],
  [{ color: 'blue' }, 'color'],
])('%j is refused by the name of its field', (wrong, field) => {
  expect(() => checkConfig(PlantConfig, { ...minimal, ...wrong }, 'test')).toThrow(field);
});
