import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { GridError, type LinkClient, type LinkState } from '@vmgrid/protocol';
import { dial, handlers, VM_ID } from './lower-end.ts';
import { UpperEnd } from './upper-end.ts';

let upper: UpperEnd;
let links: LinkClient[];

beforeEach(async () => {
  upper = await new UpperEnd().start();
  links = [];
});

afterEach(async () => {
  await Promise.all(links.map((link) => link.close()));
  await upper.stop();
});

function track(link: LinkClient): LinkClient {
  links.push(link);
  return link;
}

const kinds = () => upper.events.map(({ kind }) => kind).filter((kind) => kind !== 'heard');

test('a bidder joins with its hello and is listed', async () => {
  track(dial(upper.url));
  const { bidder } = await upper.next('joined');
  expect(bidder.hello).toEqual({ plantId: 'plant-1', version: '0.1.0', ad: { Name: 'plant-1' } });
  expect(upper.link.bidders()).toEqual([bidder]);
});

test('a bidder that closes leaves, and is listed no more', async () => {
  const link = track(dial(upper.url));
  await upper.next('joined');
  await link.close();
  expect((await upper.next('left')).reason).toBe('the bidder is shutting down');
  expect(link.state).toBe('closed');
  expect(upper.link.bidders()).toEqual([]);
});

test('events from below reach the listener; before the link is open they are not sent', async () => {
  const states: LinkState[] = [];
  const open = Promise.withResolvers<void>();
  const link = track(
    dial(upper.url, {
      changed: (state) => {
        states.push(state);
        if (state === 'open') open.resolve();
      },
    }),
  );
  expect(link.notify('ad', { Cpus: 1 })).toBe(false);
  await open.promise;
  expect(link.notify('ad', { Cpus: 2 })).toBe(true);
  await expect(upper.next('notified')).resolves.toMatchObject({ plantId: 'plant-1', event: 'ad', value: { Cpus: 2 } });
  expect(states).toEqual(['open']);
});

test('a killed bidder leaves and its waiting calls fail as PLANT_LOST', async () => {
  track(dial(upper.url, { handlers: handlers({ query: () => new Promise(() => undefined) }) }));
  const { bidder } = await upper.next('joined');
  const call = bidder.call('query', { vmId: VM_ID }, { deadlineMs: 5_000 });
  const failure = call.catch((thrown: unknown) => thrown);
  upper.destroySockets();
  expect(await failure).toMatchObject({ code: 'PLANT_LOST', details: { plantId: 'plant-1' } });
  expect(kinds().slice(0, 2)).toEqual(['joined', 'left']);
});

test('a call to a bidder that has left fails as PLANT_LOST at once', async () => {
  const link = track(dial(upper.url));
  const { bidder } = await upper.next('joined');
  await link.close();
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
  track(dial(upper.url, { handlers: handlers({ query }) }));
  const { bidder } = await upper.next('joined');
  bidder.call('query', { vmId: VM_ID }, { deadlineMs: 5_000 }).catch(() => undefined);
  await running.promise;
  upper.destroySockets();
  const reason = await told.promise;
  expect(reason).toBeInstanceOf(GridError);
  expect(reason).toMatchObject({ code: 'SHOP_UNREACHABLE' });
});

test('a bidder comes back after the upper end was killed and started again', async () => {
  track(dial(upper.url));
  await upper.next('joined');
  const { port } = upper;
  await upper.kill();
  await upper.next('left');
  await upper.start({}, port);
  await upper.next('joined', 2);
  expect(kinds()).toEqual(['joined', 'left', 'joined']);
});

test('a bidder dials until there is an upper end', async () => {
  const { port, url } = upper;
  await upper.stop();
  const waited = Promise.withResolvers<void>();
  track(dial(url, { changed: (state) => state === 'waiting' && waited.resolve() }));
  await waited.promise;
  await upper.start({}, port);
  await expect(upper.next('joined')).resolves.toMatchObject({ plantId: 'plant-1' });
});

test('the newer link of a plant id replaces the older: it leaves, then the newer joins', async () => {
  track(dial(upper.url, { limits: { reconnectMinMs: 60_000, reconnectMaxMs: 60_000 } }));
  await upper.next('joined');
  track(dial(upper.url));
  const { bidder } = await upper.next('joined', 2);
  expect(kinds()).toEqual(['joined', 'left', 'joined']);
  expect((await upper.next('left')).reason).toBe('replaced by a newer link of the same plant id');
  expect(upper.link.bidders()).toEqual([bidder]);
});

test('a link dialled with an aborted signal is closed without dialling', async () => {
  const link = track(dial(upper.url, { signal: AbortSignal.abort() }));
  await link.close();
  expect(link.state).toBe('closed');
  expect(upper.events).toEqual([]);
});

test('aborting the signal closes the link', async () => {
  const abort = new AbortController();
  const link = track(dial(upper.url, { signal: abort.signal }));
  await upper.next('joined');
  abort.abort();
  await upper.next('left');
  await link.close();
  expect(link.state).toBe('closed');
});
