/** Operations that are cancelled. */
import { expect, test } from '@jest/globals';
import { type Caller, GridError, keyText, type RequestKey } from '@vmgrid/protocol';
import { type Operation, OperationService, Operations } from '../src/index.ts';

const ada: Caller = { owner: 'ada', sees: 'own' };
const bob: Caller = { owner: 'bob', sees: 'own' };
const operator: Caller = { owner: 'root', sees: 'all' };
const create = { requestId: 'request-1', caller: ada };
const CANCELLED = { code: 'REQUEST_CANCELLED', details: { requestId: 'request-1' } };

/** Creates that were cancelled, as a daemon remembers them over its restarts. */
class Kept {
  readonly texts = new Set<string>();
  has = (key: RequestKey) => this.texts.has(keyText(key));
  add = (key: RequestKey) => void this.texts.add(keyText(key));
}

const serviceWith = (cancelledCreates = new Kept()) =>
  new OperationService(new Operations({ kept: 10 }), {
    ...{ name: 'the shop', newRequestId: () => 'new', cancelledCreates },
  });
/** Work that ends when it is cancelled, by what `after` does then. */
const untilCancelled =
  (after: (operation: Operation) => unknown = (operation) => operation.cancelled.throwIfAborted()) =>
  (_: object, operation: Operation) =>
    new Promise((resolve, reject) => {
      operation.cancelled.addEventListener('abort', () => {
        Promise.resolve(operation).then(after).then(resolve, reject);
      });
    });

test.each<[string, (operation: Operation) => unknown]>([
  ['heeds its signal', (operation) => operation.cancelled.throwIfAborted()],
  ['ends well all the same', () => 'a VM'],
  [
    'fails by something else',
    () => {
      throw new GridError('ACTION_FAILED', 'it ended with 1');
    },
  ],
])('work that is cancelled and %s has failed as cancelled, for all who wait', async (_, after) => {
  const service = serviceWith();
  const operation = service.begin('create', create, untilCancelled(after));
  const joined = service.begin('create', create, untilCancelled());
  await Promise.resolve();
  const reply = await service.cancel(create);
  expect(reply).toMatchObject({ requestId: 'request-1', verb: 'create', state: 'failed', error: CANCELLED });
  await expect(operation.settled).rejects.toMatchObject(CANCELLED);
  await expect(joined.settled).rejects.toMatchObject(CANCELLED);
});

test('a cancel that comes again, or after the end, tells what came of the work', async () => {
  const service = serviceWith();
  service.begin('create', create, untilCancelled());
  await service.cancel(create);
  expect(await service.cancel(create)).toMatchObject({ state: 'failed', error: CANCELLED });
  const done = { requestId: 'request-2', caller: ada };
  await service.begin('create', done, async () => 'a VM').settled;
  expect(await service.cancel(done)).toMatchObject({ state: 'done', result: 'a VM' });
  await service.begin('create', done, async () => 'another').settled;
});

test('a cancelled request is not carried out when it is asked for again, of a create also after a restart', async () => {
  const kept = new Kept();
  const service = serviceWith(kept);
  let began = 0;
  const count = async () => (began += 1);
  for (const verb of ['create', 'build-image'] as const) {
    const asked = { requestId: `${verb}-1`, caller: ada };
    service.begin(verb, asked, untilCancelled());
    await service.cancel(asked);
    const again = async () => service.begin(verb, asked, count).settled;
    await expect(again()).rejects.toMatchObject({ code: 'REQUEST_CANCELLED' });
  }
  const restarted = async () =>
    serviceWith(kept).begin('create', { requestId: 'create-1', caller: ada }, count).settled;
  await expect(restarted()).rejects.toMatchObject({ code: 'REQUEST_CANCELLED' });
  expect(began).toBe(0);
  await serviceWith(kept).begin('create', { requestId: 'create-1', caller: bob }, count).settled;
  expect(began).toBe(1);
});

test('nobody cancels what is not their own, but for an operator', async () => {
  const service = serviceWith();
  const operation = service.begin('create', create, untilCancelled());
  operation.settled.catch(() => undefined);
  const byBob = service.cancel({ requestId: 'request-1', caller: bob });
  await expect(byBob).rejects.toMatchObject({ code: 'REQUEST_UNKNOWN' });
  expect(operation.state).toBe('running');
  const byOperator = await service.cancel({ requestId: 'request-1', caller: operator });
  expect(byOperator).toMatchObject({ state: 'failed', error: CANCELLED });
});

test('work that cannot be undone goes on, and the refusal says what it is', async () => {
  const service = serviceWith();
  const { promise, resolve } = Promise.withResolvers<string>();
  const operation = service.begin('destroy', create, () => promise);
  const refusal = { code: 'NOT_CANCELLABLE', details: { requestId: 'request-1', verb: 'destroy' } };
  await expect(service.cancel(create)).rejects.toMatchObject(refusal);
  resolve('gone');
  expect(await operation.settled).toBe('gone');
});
