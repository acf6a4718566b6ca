import { beforeEach, expect, test } from '@jest/globals';
import { type Bidder, callCancellably, GridError, requestCancelled } from '@vmgrid/protocol';

const request = {
  requestId: 'request-1',
  caller: { owner: 'ada', sees: 'own' as const },
  machine: { arch: 'x86_64' as const, os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 2048 },
  dag: { actions: [] },
};
const CANCELLED = requestCancelled('request-1');

let created: PromiseWithResolvers<object>;
let undone: PromiseWithResolvers<object>;
let calls: [method: string, params: unknown][];
let controller: AbortController;
let work: Promise<unknown>;

beforeEach(() => {
  created = Promise.withResolvers();
  undone = Promise.withResolvers();
  calls = [];
  controller = new AbortController();
  const call = (method: string, params: unknown) => {
    calls.push([method, params]);
    return method === 'cancel' ? undone.promise : created.promise;
  };
  const bidder = { plantId: 'plant-1', call } as unknown as Bidder;
  work = callCancellably(bidder, { method: 'create', request }, { deadlineMs: 1_000, signal: controller.signal });
});

test('work that nobody cancels is answered as it is', async () => {
  created.resolve({ VmId: 'vm-1' });
  expect(await work).toEqual({ VmId: 'vm-1' });
  controller.abort(CANCELLED);
  expect(calls.map(([method]) => method)).toEqual(['create']);
});

test('a failure that nobody asked for is told as it is', async () => {
  created.reject(new GridError('ACTION_FAILED', 'it ended with 1'));
  await expect(work).rejects.toMatchObject({ code: 'ACTION_FAILED' });
});

test.each<[string, () => void]>([
  ['fails as cancelled', () => created.reject(CANCELLED)],
  ['fails by something else', () => created.reject(new GridError('ACTION_FAILED', 'it ended with 1'))],
  ['is done', () => created.resolve({ VmId: 'vm-1' })],
  ['has no answer', () => undefined],
])('cancelled work that %s ends when the plant has undone it', async (_, end) => {
  let isOver = false;
  const over = expect(work)
    .rejects.toBe(CANCELLED)
    .then(() => {
      isOver = true;
    });
  controller.abort(CANCELLED);
  expect(calls.at(-1)).toEqual(['cancel', { requestId: 'request-1', method: 'create', caller: request.caller }]);
  end();
  await new Promise(setImmediate);
  expect(isOver).toBe(false);
  undone.resolve({});
  await over;
});

test('cancelled work ends when its plant cannot be reached', async () => {
  controller.abort(CANCELLED);
  undone.reject(new GridError('PLANT_LOST', 'it went'));
  await expect(work).rejects.toBe(CANCELLED);
});

test('work that was cancelled before is not asked for', async () => {
  controller.abort(CANCELLED);
  const bidder = { call: () => Promise.reject(new Error('it is asked')) } as unknown as Bidder;
  const late = callCancellably(bidder, { method: 'create', request }, { deadlineMs: 1_000, signal: controller.signal });
  await expect(late).rejects.toBe(CANCELLED);
});
