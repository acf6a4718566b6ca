import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type BidderHandlers, GridError, type LinkLimits, shared } from '@vmgrid/protocol';
import { type Lower, WAYS } from './both-ways.ts';
import { handlers, VM_ID } from './lower-end.ts';
import { UpperEnd } from './upper-end.ts';

describe.each(WAYS)('%s:', (_, joinBy) => {
  let upper: UpperEnd;
  let lower: Lower | undefined;

  beforeEach(async () => {
    upper = await new UpperEnd().start();
  });

  afterEach(async () => {
    await lower?.close();
    await upper.stop();
  });

  async function join(some: Partial<BidderHandlers>, limits: Partial<LinkLimits> = {}) {
    lower = await joinBy(upper, { handlers: handlers(some), limits });
    return (await upper.next('joined')).bidder;
  }

  const soon = { deadlineMs: 5_000 };

  test('a call from above is answered from below', async () => {
    const bidder = await join({ query: async ({ vmId, attributes }) => ({ VmId: vmId, Asked: attributes ?? [] }) });
    await expect(bidder.call('query', { vmId: VM_ID, attributes: ['State'] }, soon)).resolves.toEqual({
      VmId: VM_ID,
      Asked: ['State'],
    });
  });

  test.each([
    ['small', 'ü'],
    ['large', 'ü'.repeat(200_000)],
  ])('%s parameters that are shared are written once, and come each time they are called with', async (_size, text) => {
    let writes = 0;
    const actions = [{ id: 'a', kind: 'script' as const, script: text }];
    const toJSON = () => {
      writes += 1;
      return { actions };
    };
    const request = shared({ requestId: 'r-1', vmId: VM_ID, dag: Object.assign({ actions }, { toJSON }) });
    const bidder = await join({ configure: async ({ dag }) => ({ Asked: dag }) });
    for (let call = 0; call < 3; call += 1) {
      expect(await bidder.call('configure', request, soon)).toEqual({ Asked: { actions } });
    }
    expect(writes).toBe(1);
  });

  test('calls overlap: a slow one does not hold up a quick one', async () => {
    const slow = Promise.withResolvers<Record<string, never>>();
    const bidder = await join({ destroy: () => slow.promise, list: async () => [] });
    const destroyed = bidder.call('destroy', { requestId: 'r-1', vmId: VM_ID }, soon);
    await expect(bidder.call('list', {}, soon)).resolves.toEqual([]);
    slow.resolve({});
    await expect(destroyed).resolves.toEqual({});
  });

  test('a GridError thrown below arrives above with its code, message and details', async () => {
    const bidder = await join({
      query: () => Promise.reject(new GridError('VM_STATE', 'vm-1 is collecting', { state: 'collecting' })),
    });
    const error = await bidder.call('query', { vmId: VM_ID }, soon).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(GridError);
    expect(error).toMatchObject({
      code: 'VM_STATE',
      message: 'vm-1 is collecting',
      details: { state: 'collecting' },
      retryable: true,
    });
  });

  test('a programmer error below arrives as INTERNAL without its text', async () => {
    const bidder = await join({ query: () => Promise.reject(new Error('password=hunter2')) });
    const error = await bidder.call('query', { vmId: VM_ID }, soon).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'INTERNAL', message: expect.not.stringContaining('hunter2') });
  });

  test('error details that JSON cannot hold are left out, the error still arrives', async () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    const bidder = await join({ query: () => Promise.reject(new GridError('VM_STATE', 'round', circle)) });
    await expect(bidder.call('query', { vmId: VM_ID }, soon)).rejects.toMatchObject({ code: 'VM_STATE', details: {} });
  });

  test('a call past its deadline fails, and the handler is told DEADLINE_EXCEEDED', async () => {
    const told = Promise.withResolvers<unknown>();
    const bidder = await join({
      query: (_, signal) => {
        signal.addEventListener('abort', () => told.resolve(signal.reason));
        return new Promise(() => undefined);
      },
    });
    await expect(bidder.call('query', { vmId: VM_ID }, { deadlineMs: 20 })).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      details: { method: 'query', deadlineMs: 20 },
    });
    await expect(told.promise).resolves.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  });

  test('a caller that aborts gets CANCELLED at once, and the handler is told', async () => {
    const told = Promise.withResolvers<unknown>();
    const running = Promise.withResolvers<void>();
    const bidder = await join({
      query: (_, signal) => {
        signal.addEventListener('abort', () => told.resolve(signal.reason));
        running.resolve();
        return new Promise(() => undefined);
      },
    });
    const abort = new AbortController();
    const call = bidder.call('query', { vmId: VM_ID }, { ...soon, signal: abort.signal });
    await running.promise;
    abort.abort();
    await expect(call).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(told.promise).resolves.toMatchObject({ code: 'CANCELLED' });
  });

  test('a call with a signal aborted before is not sent', async () => {
    let asked = false;
    const bidder = await join({
      query: async () => {
        asked = true;
        return {};
      },
      list: async () => [],
    });
    const call = bidder.call('query', { vmId: VM_ID }, { ...soon, signal: AbortSignal.abort() });
    await expect(call).rejects.toMatchObject({ code: 'CANCELLED' });
    await bidder.call('list', {}, soon);
    expect(asked).toBe(false);
  });

  test('the answer to a call that was given up is dropped', async () => {
    const slow = Promise.withResolvers<Record<string, never>>();
    const bidder = await join({ query: () => slow.promise, list: async () => [] });
    await expect(bidder.call('query', { vmId: VM_ID }, { deadlineMs: 10 })).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    });
    slow.resolve({});
    await expect(bidder.call('list', {}, soon)).resolves.toEqual([]);
  });

  test('a request of the wrong shape is refused below as LINK_PROTOCOL', async () => {
    const bidder = await join({ query: async () => ({}) });
    await expect(bidder.call('query', { vmId: 'seven' }, soon)).rejects.toMatchObject({
      code: 'LINK_PROTOCOL',
      message: expect.stringContaining('vmId is "seven"'),
    });
  });

  test('an answer of the wrong shape is refused above as LINK_PROTOCOL', async () => {
    const bidder = await join({ list: async () => 'none' as never });
    await expect(bidder.call('list', {}, soon)).rejects.toMatchObject({
      code: 'LINK_PROTOCOL',
      message: 'answer of plant-1 to list: the document is "none", not of type array',
    });
  });

  test('an answer over the size limit becomes BODY_TOO_LARGE and the link lives on', async () => {
    const bidder = await join(
      { query: async () => ({ Log: 'x'.repeat(5_000) }), list: async () => [] },
      { messageBytes: 4_000 },
    );
    await expect(bidder.call('query', { vmId: VM_ID }, soon)).rejects.toMatchObject({ code: 'BODY_TOO_LARGE' });
    await expect(bidder.call('list', {}, soon)).resolves.toEqual([]);
  });

  test('more calls at once than the lower end takes are refused as OVERLOADED', async () => {
    const bidder = await join({ query: () => new Promise(() => undefined) }, { pendingCalls: 2 });
    const calls = [1, 2, 3].map(() => bidder.call('query', { vmId: VM_ID }, { deadlineMs: 300 }));
    const codes = (await Promise.allSettled(calls)).map((call) => call.status === 'rejected' && call.reason.code);
    expect(codes).toEqual(['DEADLINE_EXCEEDED', 'DEADLINE_EXCEEDED', 'OVERLOADED']);
  });
});
