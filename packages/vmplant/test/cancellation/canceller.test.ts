/** What a plant does with work that is cancelled, and what it remembers of it. */
import { join } from 'node:path';
import { beforeEach, expect, test } from '@jest/globals';
import { RequestFingerprints } from '@vmgrid/bidding';
import { GridError } from '@vmgrid/protocol';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { CANCELLED_KEPT, CancelledRequests } from '../../src/cancellation/cancelled-requests.ts';
import { Canceller } from '../../src/cancellation/canceller.ts';
import { openDatabase, openDatabaseInMemory } from '../../src/database.ts';
import { VmRegistry } from '../../src/vms/vm-registry.ts';
import { recordOf } from '../vms/made-up-records.ts';

const folder = useTemporaryFolder();
const key = { requestId: 'request-1', owner: 'ada' };
const CANCELLED = { code: 'REQUEST_CANCELLED', details: { requestId: 'request-1' } };

let registry: VmRegistry;
let collected: string[];
let forgotten: string[];

beforeEach(async () => {
  registry = await VmRegistry.open(join(folder(), 'vms'));
  collected = [];
  forgotten = [];
});

const cancelledIn = (database = openDatabaseInMemory(), requests = new RequestFingerprints()) =>
  new CancelledRequests(database, { requests, destroyedVms: { forget: (id) => void forgotten.push(id) } });
const cancellerWith = (cancelled = cancelledIn()) => {
  const collect = async (vmId: string) => {
    collected.push(vmId);
    await registry.remove(vmId);
    return {};
  };
  return new Canceller({ cancelled, registry, collector: { collect } });
};
/** Work that ends `after` its signal fires. */
const untilAborted = (after: () => Promise<unknown> = async () => undefined) => {
  const work = (signal: AbortSignal) =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => void after().then(() => reject(signal.reason)));
    });
  return work;
};

test('cancelled work ends, and the cancel is answered when all calls for it have been', async () => {
  const canceller = cancellerWith();
  const { promise: undone, resolve } = Promise.withResolvers<void>();
  const order: string[] = [];
  const call = (name: string) =>
    expect(
      canceller.during(
        'create',
        key,
        untilAborted(() => undone),
      ),
    )
      .rejects.toMatchObject(CANCELLED)
      .then(() => order.push(name));
  const calls = [call('first'), call('second')];
  const cancelling = canceller.cancel('create', key).then(() => order.push('cancel'));
  await new Promise(setImmediate);
  expect(order).toEqual([]);
  resolve();
  await Promise.all([...calls, cancelling]);
  expect(order.sort()).toEqual(['cancel', 'first', 'second']);
});

test('work of another method, of another owner or of another request goes on', async () => {
  const canceller = cancellerWith();
  const aborted: string[] = [];
  const begin = (method: 'create' | 'buildImage', one: typeof key) =>
    canceller.during(method, one, async (signal) => {
      signal.addEventListener('abort', () => aborted.push(`${method} ${one.requestId} ${one.owner}`));
      await new Promise(setImmediate);
    });
  const others = [
    begin('buildImage', key),
    begin('create', { ...key, owner: 'bob' }),
    begin('create', { ...key, requestId: 'request-2' }),
  ];
  await canceller.cancel('create', key);
  await Promise.all(others);
  expect(aborted).toEqual([]);
});

test('a create that was cancelled is refused from then on, also by the next process, and other shops ask about it', async () => {
  const file = join(folder(), 'plant.sqlite');
  const first = openDatabase(file);
  await cancellerWith(cancelledIn(first)).cancel('create', key);
  first.close();
  const requests = new RequestFingerprints();
  const canceller = cancellerWith(cancelledIn(openDatabase(file), requests));
  const again = canceller.during('create', key, () => Promise.reject(new Error('it begins')));
  await expect(again).rejects.toMatchObject(CANCELLED);
  expect(canceller.refusal({ ...key, owner: 'bob' })).toBeUndefined();
  expect(requests.size).toBe(1);
});

test('the VM that was made all the same goes, and so does one that an earlier process left', async () => {
  const cancelled = cancelledIn();
  const canceller = cancellerWith(cancelled);
  await registry.add(recordOf({ vmId: 'vm-1', ...key }));
  await registry.add(recordOf({ vmId: 'vm-2', requestId: 'request-2', owner: 'ada' }));
  await canceller.cancel('create', key);
  expect(collected).toEqual(['vm-1']);
  cancelled.add({ requestId: 'request-2', owner: 'ada' });
  await cancellerWith(cancelled).finish();
  expect(collected).toEqual(['vm-1', 'vm-2']);
});

test('the cancel of a configure takes no VM away, and its id can be used again', async () => {
  const canceller = cancellerWith();
  await registry.add(recordOf({ vmId: 'vm-1', ...key }));
  const work = canceller.during('configure', key, untilAborted());
  const ended = expect(work).rejects.toMatchObject(CANCELLED);
  await canceller.cancel('configure', key);
  await ended;
  expect(collected).toEqual([]);
  expect(await canceller.during('configure', key, async () => 'done')).toBe('done');
});

test('of those that are forgotten the plant says that it has forgotten', () => {
  const requests = new RequestFingerprints();
  const cancelled = cancelledIn(openDatabaseInMemory(), requests);
  for (let number = 0; number <= CANCELLED_KEPT; number += 1) cancelled.add({ requestId: `request-${number}` });
  expect([forgotten, requests.size]).toEqual([['request-0'], CANCELLED_KEPT]);
  expect([cancelled.has({ requestId: 'request-0' }), cancelled.has({ requestId: 'request-1' })]).toEqual([false, true]);
});

test('a failure of the work is told as it is when nobody cancelled it', async () => {
  const failing = cancellerWith().during('create', key, () => Promise.reject(new GridError('ACTION_FAILED', 'no')));
  await expect(failing).rejects.toMatchObject({ code: 'ACTION_FAILED' });
});
