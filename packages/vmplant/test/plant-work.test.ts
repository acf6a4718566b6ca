/** A plant's memory and reports of work in progress. */
import { expect, test } from '@jest/globals';
import { RequestFingerprints } from '@vmgrid/bidding';
import { abortable } from '@vmgrid/daemon';
import { type CreateRequest, GridError, type Identified, type ToldVm } from '@vmgrid/protocol';
import { OwnFailures } from '../src/creation/own-failures.ts';
import { PlantWork, type PlantWorkDeps } from '../src/plant-work.ts';
import { VmPublisher } from '../src/vms/vm-publisher.ts';
import { recordOf } from './vms/made-up-records.ts';

const NEVER = new AbortController().signal;
const order = {
  requestId: 'request',
  machine: recordOf({}).machine,
  dag: { actions: [] },
} as Identified<CreateRequest>;

function plantWork({ refusal }: { readonly refusal?: GridError } = {}) {
  const requests = new RequestFingerprints();
  const told: string[] = [];
  const failures = new OwnFailures({ now: () => 0 });
  const vmPublisher = new VmPublisher({ plantId: 'plant-1', run: 1, clock: { now: () => 0 } });
  const deps: PlantWorkDeps = {
    ...{ requests, failures, vmPublisher, bidService: { refusal: () => refusal } },
    selfTending: { during: (work) => work() },
    changed: async () => void told.push('changed'),
    withNumbers: async (thrown) => thrown,
  };
  const above = () => {
    const vms: ToldVm[] = [];
    const notify = (_: string, events: unknown) => {
      for (const event of events as readonly { readonly vms?: readonly ToldVm[] }[]) vms.push(...(event.vms ?? []));
      return true;
    };
    const link = { notify, reset: () => undefined };
    vmPublisher.opened(link);
    vmPublisher.ended(link);
    return vms.map(({ requestId, state }) => [requestId, state]);
  };
  const work = new PlantWork(deps, { plantId: 'plant-1', concurrentCreations: 1 });
  return { requests, told, failures, above, work };
}

test('a create is remembered and told from the award on, also while it waits, until it ends', async () => {
  const { requests, told, above, work } = plantWork();
  const { promise, resolve } = Promise.withResolvers<{ VmId: string }>();
  let made = 0;
  const create = work.create([], () => {
    made += 1;
    return promise;
  });
  const calls = [create(order, NEVER), create(order, NEVER)];
  expect([requests.size, above(), work.isCreating(order)]).toEqual([1, [['request', 'planned']], true]);
  expect(told).toEqual(['changed', 'changed']);
  resolve({ VmId: 'vm-1' });
  expect(await Promise.all(calls)).toEqual([{ VmId: 'vm-1' }, { VmId: 'vm-1' }]);
  expect([made, requests.size, above(), work.isCreating(order)]).toEqual([1, 0, [], false]);
  expect(told).toHaveLength(3);
});

test('nothing is left of one that fails, but that the plant failed', async () => {
  const { requests, failures, above, work } = plantWork();
  const lost = new GridError('VMM_FAILED', 'it did not start');
  await expect(work.create([], () => Promise.reject(lost))(order, NEVER)).rejects.toBe(lost);
  expect([requests.size, above(), work.isCreating(order)]).toEqual([0, [], false]);
  expect(failures.note).toMatchObject({ inARow: 1, lastCode: 'VMM_FAILED' });
});

test('a plant that drains begins nothing, and what goes on too long is cancelled', async () => {
  const refusal = new GridError('DRAINING', 'the plant is shutting down');
  const refusing = plantWork({ refusal }).work;
  await expect(refusing.other('verb', [], async () => 'done')(order, NEVER)).rejects.toBe(refusal);
  const { work } = plantWork();
  const endless = work.create([], (_, signal) => abortable(new Promise<never>(() => undefined), signal));
  const failed = expect(endless(order, NEVER)).rejects.toMatchObject({ code: 'DRAINING' });
  await work.drain(AbortSignal.abort());
  await failed;
  expect(work.isCreating(order)).toBe(false);
});
