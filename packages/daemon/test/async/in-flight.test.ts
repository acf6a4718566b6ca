import { expect, test } from '@jest/globals';
import { InFlight } from '../../src/async/in-flight.ts';

test('a second call with the same key joins the first', async () => {
  const inFlight = new InFlight();
  const { promise, resolve } = Promise.withResolvers<string>();
  let started = 0;
  const start = () => {
    started += 1;
    return promise;
  };
  const both = Promise.all([inFlight.join('a', start), inFlight.join('a', start)]);
  expect(inFlight.size).toBe(1);
  resolve('done');
  expect(await both).toEqual(['done', 'done']);
  expect(started).toBe(1);
  expect(inFlight.size).toBe(0);
});

test('different keys do not join', async () => {
  const inFlight = new InFlight();
  expect(await Promise.all([inFlight.join('a', async () => 1), inFlight.join('b', async () => 2)])).toEqual([1, 2]);
});

test('a failure reaches all who joined, and the next call starts anew', async () => {
  const inFlight = new InFlight();
  const fail = () => Promise.reject(new Error('no'));
  const outcomes = await Promise.allSettled([inFlight.join('a', fail), inFlight.join('a', fail)]);
  expect(outcomes).toEqual([
    { status: 'rejected', reason: new Error('no') },
    { status: 'rejected', reason: new Error('no') },
  ]);
  expect(await inFlight.join('a', async () => 'yes')).toBe('yes');
});

test('work that cannot even start is not under way', () => {
  const inFlight = new InFlight();
  const broken = () => {
    throw new Error('no');
  };
  expect(() => inFlight.join('a', broken)).toThrow('no');
  expect(inFlight.size).toBe(0);
});

test('settled waits for all that is under way, well or not', async () => {
  const inFlight = new InFlight();
  const [one, other] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  inFlight.join('a', () => one.promise).catch(() => undefined);
  inFlight.join('b', () => other.promise).catch(() => undefined);
  let settled = false;
  const waiting = inFlight.settled().then(() => {
    settled = true;
  });
  one.resolve();
  await new Promise((resolve) => setImmediate(resolve));
  expect(settled).toBe(false);
  other.reject(new Error('no'));
  await waiting;
  await new InFlight().settled();
});
