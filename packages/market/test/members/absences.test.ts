import { beforeEach, describe, expect, test } from '@jest/globals';
import { Absences, type MemberChange } from '../../src/index.ts';
import { VirtualTime } from '../virtual-time.ts';

const change = (what: MemberChange['change'], plantId: string, role: MemberChange['role'] = 'plant'): MemberChange => ({
  ...{ change: what, role, plantId, version: '1', via: [] },
});
const namesOf = (absences: Absences) => absences.all().map(({ plantId }) => plantId);

let time: VirtualTime;
let absences: Absences;
beforeEach(() => {
  time = new VirtualTime();
  const before = [
    { plantId: 'just-now', absentMs: 5_000 },
    { plantId: 'long-ago', absentMs: 50_000 },
  ];
  absences = new Absences({ clock: time, returnMs: 20_000, forgetMs: 100_000, before });
});

test('a plant that left is waited for, then named, then forgotten', () => {
  expect([namesOf(absences), absences.awaited()]).toEqual([['long-ago', 'just-now'], ['just-now']]);
  expect([absences.waitMs('just-now'), absences.waitMs('long-ago'), absences.waitMs('stranger')]).toEqual([
    15_000, 0, 0,
  ]);
  time.pass(15_000);
  expect([namesOf(absences), absences.awaited()]).toEqual([['long-ago', 'just-now'], []]);
  time.pass(35_000);
  expect(namesOf(absences)).toEqual(['just-now']);
  time.pass(45_000);
  expect(namesOf(absences)).toEqual([]);
});

test('each absence is counted from its own beginning, and ends with the return', () => {
  absences.note(change('joined', 'just-now'));
  absences.note(change('moved', 'long-ago'));
  absences.note(change('left', 'broker', 'broker'));
  expect(namesOf(absences)).toEqual(['long-ago']);
  time.pass(40_000);
  absences.note(change('left', 'just-now'));
  expect(absences.all()).toEqual([
    { plantId: 'long-ago', absentMs: 90_000 },
    { plantId: 'just-now', absentMs: 0 },
  ]);
});

describe('an arrival', () => {
  const isThere = async (arrival: Promise<void>) => {
    await new Promise((resolve) => setImmediate(resolve));
    return (await Promise.race([arrival, Promise.resolve('not yet')])) !== 'not yet';
  };

  test('is that of any plant, of no broker', async () => {
    const arrival = absences.arrival();
    absences.note(change('joined', 'broker', 'broker'));
    absences.note(change('left', 'just-now'));
    expect(await isThere(arrival)).toBe(false);
    absences.note(change('joined', 'stranger'));
    expect(await isThere(arrival)).toBe(true);
    expect(time.sleeping).toBe(0);
  });

  test('is waited for as long as somebody may come back', async () => {
    await time.until(absences.arrival());
    expect(time.monotonic()).toBe(15_000);
  });

  test('is not waited for once the signal aborts', async () => {
    const reason = new Error('enough');
    await expect(absences.arrival(AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});
