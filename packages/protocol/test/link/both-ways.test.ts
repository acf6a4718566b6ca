import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { GridError } from '@vmgrid/protocol';
import { type Lower, WAYS } from './both-ways.ts';
import { handlers, VM_ID } from './lower-end.ts';
import { UpperEnd } from './upper-end.ts';

describe.each(WAYS)('%s:', (_, join) => {
  let upper: UpperEnd;
  let lower: Lower;

  beforeEach(async () => {
    upper = await new UpperEnd().start();
  });

  afterEach(async () => {
    await lower.close();
    await upper.stop();
  });

  test('a bidder joins with its hello and is listed', async () => {
    lower = await join(upper);
    const { bidder } = await upper.next('joined');
    expect(bidder.hello).toEqual({ plantId: 'plant-1', version: '0.1.0', ad: { Name: 'plant-1' } });
    expect(upper.link.bidders()).toEqual([bidder]);
  });

  test('a bidder that closes leaves, and is listed no more', async () => {
    lower = await join(upper);
    await upper.next('joined');
    await lower.close();
    expect((await upper.next('left')).reason).toBe('the bidder is shutting down');
    expect(upper.link.bidders()).toEqual([]);
  });

  test('a killed bidder leaves and its waiting calls fail as PLANT_LOST', async () => {
    lower = await join(upper, { handlers: handlers({ query: () => new Promise(() => undefined) }) });
    const { bidder } = await upper.next('joined');
    const call = bidder.call('query', { vmId: VM_ID }, { deadlineMs: 5_000 });
    const failure = call.catch((thrown: unknown) => thrown);
    lower.cut();
    expect(await failure).toMatchObject({ code: 'PLANT_LOST', details: { plantId: 'plant-1' } });
    expect(upper.comings.slice(0, 2)).toEqual(['joined', 'left']);
  });

  test('a call to a bidder that has left fails as PLANT_LOST at once', async () => {
    lower = await join(upper);
    const { bidder } = await upper.next('joined');
    await lower.close();
    await upper.next('left');
    await expect(bidder.call('list', {}, { deadlineMs: 60_000 })).rejects.toMatchObject({ code: 'PLANT_LOST' });
  });

  test('a lost link aborts the signals of calls that run below with SHOP_UNREACHABLE', async () => {
    const told = Promise.withResolvers<unknown>();
    const running = Promise.withResolvers<void>();
    const query = (_: unknown, signal: AbortSignal) => {
      signal.addEventListener('abort', () => told.resolve(signal.reason));
      running.resolve();
      return new Promise<never>(() => undefined);
    };
    lower = await join(upper, { handlers: handlers({ query }) });
    const { bidder } = await upper.next('joined');
    bidder.call('query', { vmId: VM_ID }, { deadlineMs: 5_000 }).catch(() => undefined);
    await running.promise;
    lower.cut();
    const reason = await told.promise;
    expect(reason).toBeInstanceOf(GridError);
    expect(reason).toMatchObject({ code: 'SHOP_UNREACHABLE' });
  });

  test('a bidder comes back after the upper end was killed and started again', async () => {
    lower = await join(upper);
    await upper.next('joined');
    const { port } = upper;
    await upper.kill();
    await upper.next('left');
    await upper.start({}, port);
    await upper.next('joined', 2);
    expect(upper.comings).toEqual(['joined', 'left', 'joined']);
  });

  test('a notice from below reaches the listener', async () => {
    lower = await join(upper);
    const { bidder } = await upper.next('joined');
    // The lower end counts the link as open when the answer to its hello has come, which is before that of any later
    // call.
    await bidder.call('list', {}, { deadlineMs: 5_000 }).catch(() => undefined);
    lower.notify('ad', { Cpus: 2 });
    await expect(upper.next('notified')).resolves.toMatchObject({
      plantId: 'plant-1',
      event: 'ad',
      value: { Cpus: 2 },
    });
  });

  test('the newer link of a plant id replaces the older: it leaves, then the newer joins', async () => {
    lower = await join(upper, { limits: { reconnectMinMs: 60_000, reconnectMaxMs: 60_000 } });
    await upper.next('joined');
    const newer = await join(upper);
    const { bidder } = await upper.next('joined', 2);
    expect(upper.comings).toEqual(['joined', 'left', 'joined']);
    expect((await upper.next('left')).reason).toBe('replaced by a newer link of the same plant id');
    expect(upper.link.bidders()).toEqual([bidder]);
    await newer.close();
  });
});
