import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { LinkClient, LinkState } from '@vmgrid/protocol';
import { dial, HELLO_TEXT, PLANT_1, rawSocket } from './lower-end.ts';
import { quiet, UpperEnd } from './upper-end.ts';

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

describe('two plants of one id', () => {
  const of = (processId: string) => ({ hello: () => ({ ...PLANT_1.hello(), processId }) });
  /** Returns what the dialling side was told, from its log. */
  const dialled = (processId: string) => {
    const told: object[] = [];
    const log = { ...quiet, warn: (details: object) => void told.push(details) };
    return { link: track(dial(upper.url, { ...of(processId), log })), told };
  };

  test('the one that came second is refused while the first lives; both are told who the other is', async () => {
    const first = dialled('first');
    await upper.next('joined');
    const second = dialled('second');
    const { rival } = await upper.next('refused');
    expect(rival.address).toMatch(/^127\.0\.0\.1:\d+$/);
    while (first.told.length === 0 || second.told.length === 0) await new Promise(setImmediate);
    expect(first.told[0]).toMatchObject(rival);
    const refusal = /^plant-1 at 127\.0\.0\.1:\d+ has this id since .*; 127\.0\.0\.1:\d+ is refused$/;
    expect(second.told[0]).toMatchObject({ reason: expect.stringMatching(refusal) });
    expect(first.link.state).toBe('open');
    expect(upper.events.filter(({ kind }) => kind === 'left')).toEqual([]);
    await first.link.close();
    await upper.next('joined', 2);
  });

  test('the same process that dials anew takes its own place', async () => {
    dialled('same');
    await upper.next('joined');
    dialled('same');
    await upper.next('joined', 2);
    expect(upper.events.filter(({ kind }) => kind === 'refused')).toEqual([]);
  });

  test('one that was restarted takes the place of a link that is half dead', async () => {
    await upper.stop();
    await upper.start({ pingMs: 50, freshMs: 0 });
    const dead = await rawSocket(upper, { autoPong: false });
    dead.send(HELLO_TEXT.replace('"ad":{}', '"ad":{},"processId":"before"'));
    await upper.next('joined');
    dialled('after');
    await upper.next('left');
    expect(await upper.next('joined', 2)).toMatchObject({ bidder: { hello: { processId: 'after' } } });
    dead.terminate();
  });
});
