import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { systemClock } from '@vmgrid/daemon';
import type { Bidder, ProgressEvent } from '@vmgrid/protocol';
import { type MemberChange, Membership } from '../../src/index.ts';

const bidderOf = (plantId: string, ad: Record<string, unknown> = {}): Bidder => ({
  plantId,
  hello: { plantId, version: '0.1.0', ad },
  call: () => Promise.reject(new Error('nobody calls here')),
});

const textOf = ({ change, plantId, via, reason }: MemberChange): string =>
  [plantId, change, ...(via.length > 0 ? [`via ${via.join(' ')}`] : []), ...(reason ? [reason] : [])].join(' ');

let now = 0;
const changes: string[] = [];
const progress: ProgressEvent[] = [];
const newMembership = () =>
  new Membership({
    clock: { ...systemClock, now: () => now },
    onProgress: (event) => void progress.push(event),
    onVms: () => undefined,
    onChange: (change) => void changes.push(textOf(change)),
  });

beforeEach(() => {
  now = Date.UTC(2026, 0, 1);
  changes.length = 0;
  progress.length = 0;
});

test('bidders that joined are members until they leave', () => {
  const membership = newMembership();
  const [one, two] = [bidderOf('plant-1'), bidderOf('plant-2')];
  membership.joined(one);
  membership.joined(two);
  expect(membership.bidders()).toEqual([one, two]);
  expect(membership.find('plant-1')).toBe(one);
  membership.left(one, 'silent');
  expect(membership.bidders()).toEqual([two]);
  expect(membership.find('plant-1')).toBeUndefined();
  expect(changes).toEqual(['plant-1 joined', 'plant-2 joined', 'plant-1 left silent']);
});

test('a newer link takes the place of an older one, whose end is then no news', () => {
  const membership = newMembership();
  const [older, newer] = [bidderOf('plant-1'), bidderOf('plant-1')];
  membership.joined(older);
  membership.joined(newer);
  membership.left(older, 'replaced');
  expect(membership.bidders()).toEqual([newer]);
  membership.left(newer, 'silent');
  membership.left(newer, 'silent');
  expect(membership.bidders()).toEqual([]);
  expect(changes).toEqual(['plant-1 joined', 'plant-1 moved', 'plant-1 left silent']);
});

test('progress is passed on, also from a bidder that is no member any more', () => {
  const membership = newMembership();
  const event: ProgressEvent = {
    requestId: 'request-1',
    at: '2026-01-01T00:00:00.000Z',
    phase: 'restore',
    state: 'done',
  };
  membership.notified(bidderOf('plant-1'), 'progress', event);
  expect(progress).toEqual([event]);
});

describe('waiting for a plant to return', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test('ends at once when it is here', async () => {
    const membership = newMembership();
    const bidder = bidderOf('plant-1');
    membership.joined(bidder);
    expect(await membership.awaitReturn('plant-1', 1_000)).toBe(bidder);
  });

  test('ends when it joins, for all who wait, and leaves no timer', async () => {
    const membership = newMembership();
    const waiting = [membership.awaitReturn('plant-1', 1_000), membership.awaitReturn('plant-1', 2_000)];
    membership.joined(bidderOf('plant-2'));
    const returned = bidderOf('plant-1');
    membership.joined(returned);
    expect(await Promise.all(waiting)).toEqual([returned, returned]);
    expect(jest.getTimerCount()).toBe(0);
  });

  test('fails when it does not come in time; who waits longer gets it all the same', async () => {
    const membership = newMembership();
    const short = membership.awaitReturn('plant-1', 1_000);
    const long = membership.awaitReturn('plant-1', 5_000);
    const failure = expect(short).rejects.toMatchObject({
      code: 'PLANT_LOST',
      message: 'the plant plant-1 left and did not return within 1000 ms',
      details: { plantId: 'plant-1' },
    });
    await jest.advanceTimersByTimeAsync(1_000);
    await failure;
    const returned = bidderOf('plant-1');
    membership.joined(returned);
    expect(await long).toBe(returned);
  });

  test('does not take the link that was lost for the return: it may be closing still', async () => {
    const membership = newMembership();
    const [lost, returned] = [bidderOf('plant-1'), bidderOf('plant-1')];
    membership.joined(lost);
    let back: Bidder | undefined;
    const waiting = membership.awaitReturn('plant-1', 1_000, { except: new Set([lost]) }).then((bidder) => {
      back = bidder;
    });
    await jest.advanceTimersByTimeAsync(500);
    expect(back).toBeUndefined();
    membership.left(lost, 'closed');
    membership.joined(returned);
    await waiting;
    expect(back).toBe(returned);
    expect(await membership.awaitReturn('plant-1', 1_000, { except: new Set([lost]) })).toBe(returned);
  });
});
