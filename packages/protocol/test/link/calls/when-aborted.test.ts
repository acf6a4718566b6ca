import { getEventListeners } from 'node:events';
import { expect, test } from '@jest/globals';
import { whenAborted } from '../../../src/index.ts';

test('all who wait for one signal hear that it aborts, but those who took it back', () => {
  const controller = new AbortController();
  const told: string[] = [];
  const [, takeBack] = ['first', 'second', 'third'].map((name) =>
    whenAborted(controller.signal, () => told.push(name)),
  );
  takeBack!();
  controller.abort();
  expect(told).toEqual(['first', 'third']);
});

test('however many wait for a signal it has one listener, and none when all have taken it back', () => {
  const { signal } = new AbortController();
  const listeners = () => getEventListeners(signal, 'abort').length;
  const waiting = Array.from({ length: 100 }, () => whenAborted(signal, () => undefined));
  expect(listeners()).toBe(1);
  for (const takeBack of waiting) takeBack();
  expect(listeners()).toBe(0);
  whenAborted(signal, () => undefined);
  waiting[0]!();
  expect(listeners()).toBe(1);
});
