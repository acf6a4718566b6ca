import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { LinkClient, LinkState } from '@vmgrid/protocol';
import { dial } from './lower-end.ts';
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

test('a bidder dials until there is an upper end', async () => {
  const { port, url } = upper;
  await upper.stop();
  const waited = Promise.withResolvers<void>();
  track(dial(url, { changed: (state) => state === 'waiting' && waited.resolve() }));
  await waited.promise;
  await upper.start({}, port);
  await expect(upper.next('joined')).resolves.toMatchObject({ plantId: 'plant-1' });
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
