import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BoundedMap } from '../src/index.ts';

test('the newest stay; what is set again is new', () => {
  const map = new BoundedMap<string, number>({ most: 2 });
  expect([map.set('a', 1), map.set('b', 2), map.set('a', 3)]).toEqual([[], [], []]);
  expect(map.set('c', 4)).toEqual([2]);
  expect([[...map], map.size, map.get('a'), map.get('b')]).toEqual([[3, 4], 2, 3, undefined]);
});

test('what may not go stays, and the next oldest goes in its place', () => {
  const map = new BoundedMap<string, string>({ most: 2, mayGo: (value) => value !== 'running' });
  map.set('a', 'running');
  map.set('b', 'done');
  expect(map.set('c', 'running')).toEqual(['done']);
  expect(map.set('d', 'running')).toEqual([]);
  expect(map.size).toBe(3);
});

test('it has what a map has whose first keys are deleted', () => {
  const step = fc.record({ key: fc.integer({ min: 0, max: 8 }), isDeleted: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step), fc.integer({ min: 0, max: 5 }), (steps, most) => {
      const map = new BoundedMap<number, string>({ most });
      const model = new Map<number, string>();
      for (const [at, { key, isDeleted }] of steps.entries()) {
        model.delete(key);
        if (isDeleted) map.delete(key);
        else {
          map.set(key, String(at));
          model.set(key, String(at));
        }
        if (model.size > most) model.delete(model.keys().next().value!);
        expect([[...map], map.size, map.get(key)]).toEqual([[...model.values()], model.size, model.get(key)]);
      }
    }),
  );
});
