import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { systemClock } from '@vmgrid/daemon';
import { failureOf, holdAuction, listPlants, PlantFailureHistory } from '@vmgrid/market';
import { askAll, askUntilFirst, GridError, type ProgressEvent, tellVms, wholeOf } from '@vmgrid/protocol';
import { request as callForBids } from '../../market/test/bidders.ts';
import { Grid } from './grid.ts';

const VM = 'vm-00000000-0000-4000-8000-000000000001';
const deadline = { deadlineMs: 5_000 };

let grid: Grid;
beforeEach(async () => {
  grid = await new Grid().open();
});
afterEach(() => grid.close());

test('a plant below two brokers is a member of the shop, and a call that names it gets there', async () => {
  const upper = await grid.broker('upper', [grid.url]);
  const lower = await grid.broker('lower', [upper.url]);
  grid.plant('plant-1', [lower.url], { query: async ({ vmId }) => ({ VmId: vmId, Plant: 'plant-1' }) });
  await grid.reaches('plant-1');
  const plant = grid.membership.find('plant-1')!;
  expect(await plant.call('query', { vmId: VM }, deadline)).toEqual({ VmId: VM, Plant: 'plant-1' });
  expect(grid.changes.find(({ plantId }) => plantId === 'plant-1')).toEqual({
    ...{ change: 'joined', role: 'plant', plantId: 'plant-1', version: '0.1.0' },
    via: ['upper', 'lower'],
  });
});

test('what plants tell of their VMs comes through brokers, once by two ways, and all of it to a broker that comes later', async () => {
  const plantId = 'plant-1';
  const vm = (n: number) => ({ requestId: `request-${n}`, vmId: VM, state: 'running', memoryMiB: 64, diskMiB: 64 });
  const whole = wholeOf({ plantId, run: 1, serial: 0 }, [vm(1)]);
  const known = () => grid.book.of(plantId).vms.map(({ requestId }) => requestId);
  const upper = await grid.broker('upper', [grid.url]);
  const [one, other] = [await grid.broker('one', [upper.url]), await grid.broker('other', [upper.url])];
  const links = grid.plant(plantId, [one.url, other.url], {
    opened: (link) => tellVms(link, whole),
  });
  await grid.until(() => known().length === 1);
  const told = { plantId, run: 1, at: new Date().toISOString() };
  for (const link of links) tellVms(link, [{ kind: 'change', ...told, serial: 1, vm: vm(2) }]);
  await grid.until(() => known().length === 2);
  expect([known(), grid.book.find(VM)?.plantId]).toEqual([['request-1', 'request-2'], plantId]);
  await upper.drain(AbortSignal.timeout(1_000));
  await grid.until(() => grid.book.isAbsent(plantId));
  await grid.broker('upper', [grid.url], { httpPort: upper.httpPort });
  await grid.until(() => grid.book.isCurrent(plantId));
  expect(known()).toEqual(['request-1', 'request-2']);
});

test("a plant's error comes through brokers as it is", async () => {
  const broker = await grid.broker('broker', [grid.url]);
  const full = new GridError('MEMORY_INSUFFICIENT', 'lacks 128 MiB', { lacking: 128 });
  grid.plant('plant-1', [broker.url], { create: () => Promise.reject(full) });
  await grid.reaches('plant-1');
  const request = {
    requestId: 'r',
    machine: { arch: 'x86_64', os: 'x', memoryMiB: 64, cpus: 1, diskMiB: 64 },
    dag: { actions: [] },
  } as const;
  await expect(grid.membership.find('plant-1')!.call('create', request as never, deadline)).rejects.toMatchObject({
    code: 'MEMORY_INSUFFICIENT',
    details: { lacking: 128 },
  });
});

test('a plant that leaves its broker has left the shop, and is told so with the reason', async () => {
  const upper = await grid.broker('upper', [grid.url]);
  const lower = await grid.broker('lower', [upper.url]);
  const [link] = grid.plant('plant-1', [lower.url]);
  await grid.reaches('plant-1');
  const plant = grid.membership.find('plant-1')!;
  await link!.close();
  await grid.reaches();
  expect(grid.changes.at(-1)).toMatchObject({
    change: 'left',
    plantId: 'plant-1',
    reason: 'the bidder is shutting down',
  });
  await expect(plant.call('query', { vmId: VM }, deadline)).rejects.toMatchObject({
    code: 'PLANT_LOST',
    details: { asked: false },
  });
});

test('a plant with two upstreams is one member, by the shorter way, and stays when one of its brokers dies', async () => {
  const upper = await grid.broker('upper', [grid.url]);
  const lower = await grid.broker('lower', [upper.url]);
  const other = await grid.broker('other', [grid.url]);
  grid.plant('plant-1', [lower.url, other.url], { list: async () => [{ VmId: VM }] });
  await grid.until(() => grid.membership.plants()[0]?.via.join() === 'other');
  await grid.until(() =>
    ['upper', 'other'].every((id) => grid.membership.bidders().some(({ plantId }) => plantId === id)),
  );
  expect(await askAll(grid.membership.bidders(), { method: 'list', request: {} }, deadline)).toEqual({
    answers: [{ plantId: 'plant-1', value: [{ VmId: VM }] }],
    failures: [],
  });
  await other.drain(AbortSignal.timeout(1_000));
  await grid.until(() => grid.membership.plants()[0]?.via.join() === 'upper,lower');
  expect(grid.changes.filter(({ change, plantId }) => plantId === 'plant-1' && change === 'left')).toEqual([]);
  expect((await askAll(grid.membership.bidders(), { method: 'list', request: {} }, deadline)).answers).toHaveLength(1);
});

test('a broker that comes back finds its plants again, and its shop hears of all of them', async () => {
  const broker = await grid.broker('broker', [grid.url]);
  for (const plantId of ['plant-1', 'plant-2', 'plant-3']) grid.plant(plantId, [broker.url]);
  await grid.reaches('plant-1', 'plant-2', 'plant-3');
  await broker.drain(AbortSignal.timeout(1_000));
  await grid.reaches();
  await grid.broker('broker', [grid.url], { httpPort: broker.httpPort });
  await grid.reaches('plant-1', 'plant-2', 'plant-3');
});

test('a VM is found wherever its plant is, without waiting for those that do not answer', async () => {
  const broker = await grid.broker('broker', [grid.url]);
  grid.plant('mute', [broker.url], { query: () => new Promise(() => undefined) });
  grid.plant('other', [grid.url]);
  grid.plant('keeper', [broker.url], { query: async () => ({ VmId: VM }) });
  await grid.reaches('mute', 'other', 'keeper');
  const { answers } = await askUntilFirst(
    grid.membership.bidders(),
    { method: 'query', request: { vmId: VM } },
    { deadlineMs: 60_000 },
  );
  expect(answers).toEqual([{ plantId: 'keeper', value: { VmId: VM } }]);
});

test('a question to all names those that failed, and answers in time for its caller', async () => {
  const broker = await grid.broker('broker', [grid.url]);
  grid.plant('mute', [broker.url], { list: () => new Promise(() => undefined) });
  grid.plant('full', [broker.url], { list: async () => [] });
  await grid.reaches('mute', 'full');
  expect(await askAll(grid.membership.bidders(), { method: 'list', request: {} }, { deadlineMs: 2_000 })).toMatchObject(
    {
      answers: [{ plantId: 'full' }],
      failures: [{ plantId: 'mute', code: 'DEADLINE_EXCEEDED' }],
    },
  );
});

test('progress comes through, and plants are listed with ad, version and way', async () => {
  const upper = await grid.broker('upper', [grid.url]);
  const lower = await grid.broker('lower', [upper.url]);
  const [link] = grid.plant('plant-1', [lower.url]);
  await grid.reaches('plant-1');
  const event: ProgressEvent = { requestId: 'r', at: '2026-01-01T00:00:00.000Z', phase: 'restore', state: 'done' };
  link!.notify('progress', event);
  await grid.until(() => grid.progress.length > 0);
  expect(grid.progress).toEqual([event]);
  expect(await listPlants(grid, deadline)).toMatchObject({
    plants: [{ plantId: 'plant-1', version: '0.1.0', ad: { Name: 'plant-1' }, via: ['upper', 'lower'] }],
    brokers: [{ brokerId: 'upper', plants: 1 }],
    silentPlants: [],
  });
});

test('brokers that dial each other in a circle serve all the same, and call nobody twice', async () => {
  const one = await grid.broker('one', [grid.url]);
  const two = await grid.broker('two', [one.url]);
  await one.drain(AbortSignal.timeout(1_000));
  await grid.broker('one', [grid.url, two.url], { httpPort: one.httpPort });
  let asked = 0;
  const list = async () => {
    asked += 1;
    return [];
  };
  grid.plant('plant-1', [two.url], { list });
  await grid.reaches('plant-1');
  expect(grid.membership.plants()[0]!.via).toEqual(['one', 'two']);
  expect((await askAll(grid.membership.bidders(), { method: 'list', request: {} }, deadline)).answers).toHaveLength(1);
  expect(asked).toBe(1);
});

describe('a broker that has lost its plants', () => {
  const list = () => askAll(grid.membership.bidders(), { method: 'list', request: {} }, deadline);

  test('names those that left', async () => {
    const broker = await grid.broker('broker', [grid.url], { plantReturnMs: 60_000 });
    grid.plant('stays', [broker.url], { list: async () => [] });
    const [link] = grid.plant('leaves', [broker.url], { list: async () => [] });
    await grid.reaches('stays', 'leaves');
    await link!.close();
    await grid.reaches('stays');
    expect(await list()).toMatchObject({
      ...{ answers: [{ plantId: 'stays' }], failures: [{ plantId: 'leaves', code: 'PLANT_LOST' }] },
    });
  });

  test('does not say that there is none after its restart, until plants have had time to come', async () => {
    const broker = await grid.broker('broker', [grid.url], { plantReturnMs: 60_000 });
    expect(await list()).toMatchObject({ answers: [], failures: [{ plantId: 'broker', code: 'NO_PLANTS' }] });
    const market = { clock: systemClock, memory: new PlantFailureHistory(systemClock), newAuctionId: () => 'a' };
    const auction = await holdAuction({ request: callForBids, bidders: grid.membership.bidders() }, market, {
      bidWindowMs: 5_000,
    });
    expect(failureOf(auction)).toMatchObject({
      code: 'NO_PLANTS',
      message: expect.stringContaining('the broker broker'),
    });
    grid.plant('plant-1', [broker.url], { list: async () => [] });
    await grid.reaches('plant-1');
    expect(await list()).toMatchObject({ answers: [{ plantId: 'plant-1' }], failures: [] });
    await broker.drain(AbortSignal.timeout(1_000));
    await grid.reaches();
    await grid.broker('broker', [grid.url], { plantReturnMs: 0 });
    expect(await list()).toEqual({ answers: [], failures: [] });
  });
});
