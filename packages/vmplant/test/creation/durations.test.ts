/** A plant's learnt durations of starts and actions: which it keeps, which prices use, and which it publishes. */
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { durationKey } from '@vmgrid/bidding';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import fc from 'fast-check';
import { ACTIONS_LEARNT, LearntDurations, STARTS_LEARNT } from '../../src/creation/durations.ts';
import { openDatabase, openDatabaseInMemory } from '../../src/database.ts';

const directory = useTemporaryFolder();
const file = () => join(directory(), 'plant.sqlite');
const action = (number: number) => durationKey.action(`${number}`);
const MOST_ACTIONS = ACTIONS_LEARNT.once + ACTIONS_LEARNT.again;

test('what was never measured is not expected', () => {
  const durations = new LearntDurations(openDatabaseInMemory());
  expect(durations.expect('a', 'b')).toBeUndefined();
  expect(durations.expect()).toBeUndefined();
});

test('the first key that was measured decides', () => {
  const durations = new LearntDurations(openDatabaseInMemory());
  durations.learn(durationKey.startOfLine('restore', 'qemu'), 2);
  expect(durations.expect('restore:qemu:octave', 'restore:qemu')).toBe(2);
  durations.learn(durationKey.start('restore', 'qemu', 'octave'), 1);
  expect(durations.expect('restore:qemu:octave', 'restore:qemu')).toBe(1);
});

test('the mean of few samples is their mean, and survives', () => {
  const database = openDatabase(file());
  const durations = new LearntDurations(database);
  for (const seconds of [1, 2, 6]) durations.learn('key', seconds);
  expect(durations.expect('key')).toBeCloseTo(3, 10);
  database.close();
  expect(new LearntDurations(openDatabase(file())).expect('key')).toBeCloseTo(3, 10);
});

test('old samples fade: a host that changed is learnt anew', () => {
  const durations = new LearntDurations(openDatabaseInMemory());
  for (let sample = 0; sample < 1_000; sample += 1) durations.learn('key', 1);
  for (let sample = 0; sample < 60; sample += 1) durations.learn('key', 10);
  expect(durations.expect('key')).toBeGreaterThan(8.5);
});

test('one odd sample among many moves the mean by a twentieth; among those of a kind by a two-hundredth', () => {
  const durations = new LearntDurations(openDatabaseInMemory());
  const keys = ['key', durationKey.kind('script')];
  for (const key of keys) for (let sample = 0; sample < 300; sample += 1) durations.learn(key, 1);
  for (const key of keys) durations.learn(key, 41);
  expect(keys.map((key) => durations.expect(key))).toEqual([expect.closeTo(3, 6), expect.closeTo(1.2, 6)]);
});

describe('what is kept', () => {
  test('is bounded, here and in the database: of actions that come once the last few', () => {
    const database = openDatabaseInMemory();
    const durations = new LearntDurations(database);
    for (let number = 0; number < 3_000; number++) {
      durations.learn(action(number), 1);
      durations.learn(durationKey.start('boot', 'qemu', `image-${number}`), 1);
      durations.learn(durationKey.kind('script'), 1);
    }
    const kept = Object.keys(durations.all());
    expect(kept.length).toBe(ACTIONS_LEARNT.once + STARTS_LEARNT.once + 1);
    expect(durations.expect(action(2_999 - ACTIONS_LEARNT.once))).toBeUndefined();
    expect(durations.expect(action(3_000 - ACTIONS_LEARNT.once))).toBe(1);
    const rows = database.prepare('SELECT key FROM durations').all();
    expect(rows.map(({ key }) => key).sort()).toEqual(kept.sort());
    expect(durations.isCoarse).toBe(true);
  });

  test('is each action that came again, whatever came once after it', () => {
    const durations = new LearntDurations(openDatabaseInMemory());
    expect(durations.isCoarse).toBe(false);
    for (const key of [action(-1), action(-2)]) durations.learn(key, 5);
    durations.learn(action(-1), 5);
    durations.meet(action(-2)); // an image had it
    for (let number = 0; number < 3_000; number++) durations.learn(action(number), 1);
    expect([action(-1), action(-2)].map((key) => durations.expect(key))).toEqual([5, 5]);
  });

  test('has the actions that came again longest ago go first', () => {
    const durations = new LearntDurations(openDatabaseInMemory());
    for (let number = 0; number <= MOST_ACTIONS; number++) {
      for (const seconds of [1, 1]) durations.learn(action(number), seconds);
    }
    expect([0, 1].map((number) => durations.expect(action(number)))).toEqual([undefined, 1]);
  });

  test('is trimmed at the start of a plant whose database has far more, those learnt again and last staying', () => {
    const database = openDatabaseInMemory();
    const write = database.prepare('INSERT INTO durations (key, mean_seconds, samples) VALUES (?, 7, ?)');
    for (let number = 0; number < 20_000; number++) write.run(action(number), number < 500 ? 2 : 1);
    const durations = new LearntDurations(database);
    for (const number of [0, 499, 19_999, 20_000 - ACTIONS_LEARNT.once]) {
      expect(durations.expect(action(number))).toBe(7);
    }
    expect(durations.expect(action(500))).toBeUndefined();
    expect(database.prepare('SELECT count(*) AS count FROM durations').get()).toEqual({
      count: 500 + ACTIONS_LEARNT.once,
    });
  });

  test('is the same after a restart', () => {
    const database = openDatabaseInMemory();
    const durations = new LearntDurations(database);
    for (let number = 0; number < 4_000; number++)
      durations.learn(action(number % 7 === 0 ? number % 1_300 : number), 1);
    expect(new LearntDurations(database).all()).toEqual(durations.all());
  });
});

describe('what is told', () => {
  test('is what is new or forgotten, once, and all of it whenever it is asked for', () => {
    const durations = new LearntDurations(openDatabaseInMemory());
    durations.learn('a', 1);
    durations.learn('a', 3);
    expect(durations.takeNews()).toEqual({ durations: { a: 2 } });
    expect(durations.takeNews()).toEqual({});
    expect(durations.all()).toEqual({ a: 2 });
    for (let number = 0; number < ACTIONS_LEARNT.once; number++) durations.learn(action(number), 1);
    const news = durations.takeNews();
    expect(news.forgotten).toBeUndefined(); // it came twice
    for (let number = 0; number < ACTIONS_LEARNT.once; number++) durations.learn(action(-1 - number), 1);
    expect(durations.takeNews().forgotten).toEqual(Object.keys(news.durations!));
  });

  test('is a mean that has moved by a step, and prices here see the same', () => {
    const durations = new LearntDurations(openDatabaseInMemory());
    for (let sample = 0; sample < 20; sample++) durations.learn('key', 1);
    durations.takeNews();
    durations.learn('key', 1.9);
    expect(durations.takeNews()).toEqual({});
    expect(durations.expect('key')).toBe(1);
    for (let sample = 0; sample < 2; sample++) durations.learn('key', 1.9);
    expect(durations.takeNews().durations).toEqual({ key: durations.expect('key') });
    expect(durations.expect('key')).toBeGreaterThan(1.1);
  });

  test('makes, in the order in which it is told, all that is known', () => {
    const step = fc.record({ number: fc.nat(1_500), seconds: fc.integer({ min: 1, max: 20 }), isTold: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1_500, maxLength: 4_000 }), (steps) => {
        const durations = new LearntDurations(openDatabaseInMemory());
        const above = new Map<string, number>();
        const tell = () => {
          const { durations: learnt = {}, forgotten = [] } = durations.takeNews();
          for (const key of forgotten) expect(above.delete(key)).toBe(true);
          for (const [key, seconds] of Object.entries(learnt)) above.set(key, seconds);
        };
        for (const { number, seconds, isTold } of steps) {
          durations.learn(action(number), seconds);
          if (isTold) tell();
        }
        tell();
        expect(Object.fromEntries(above)).toEqual(durations.all());
      }),
      { numRuns: 10 },
    );
  });
});
