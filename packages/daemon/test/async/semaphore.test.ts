import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Semaphore } from '../../src/async/semaphore.ts';

const patient = new AbortController().signal;
const soon = () => new Promise((resolve) => setImmediate(resolve));

/** Work that goes on until it is told to end. */
function openWork() {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let started = false;
  return {
    end: resolve,
    fail: reject,
    promise,
    get started() {
      return started;
    },
    do: () => {
      started = true;
      return promise;
    },
  };
}

/** One that works and two that wait; the first of them may give up. */
function threeInARow() {
  const semaphore = new Semaphore(1);
  const [first, second, third] = [openWork(), openWork(), openWork()];
  const impatient = new AbortController();
  const passes = [
    semaphore.pass(first.do, patient),
    semaphore.pass(second.do, impatient.signal),
    semaphore.pass(third.do, patient),
  ];
  return { first, second, third, impatient, passes } as const;
}

test('as many as it is wide go through at once, the others in the order they came', async () => {
  const semaphore = new Semaphore(2);
  const works = Array.from({ length: 5 }, openWork);
  const passes = works.map((work) => semaphore.pass(work.do, patient));
  const started = () => works.map((work) => work.started);
  await soon();
  expect(started()).toEqual([true, true, false, false, false]);
  works[1]!.end('b');
  await soon();
  expect(started()).toEqual([true, true, true, false, false]);
  works[0]!.end('a');
  works[2]!.end('c');
  await soon();
  expect(started()).toEqual([true, true, true, true, true]);
  works[3]!.end('d');
  works[4]!.end('e');
  expect(await Promise.all(passes)).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('work that fails makes room as well', async () => {
  const semaphore = new Semaphore(1);
  await expect(semaphore.pass(() => Promise.reject(new Error('no')), patient)).rejects.toThrow('no');
  const throwing = () => {
    throw new Error('at once');
  };
  await expect(semaphore.pass(throwing, patient)).rejects.toThrow('at once');
  expect(await semaphore.pass(async () => 'through', patient)).toBe('through');
});

test('who gives up while waiting leaves the queue; the others keep their places', async () => {
  const { first, second, third, impatient, passes } = threeInARow();
  impatient.abort(new Error('enough'));
  await expect(passes[1]).rejects.toThrow('enough');
  first.end('a');
  third.end('c');
  expect(await Promise.all([passes[0], passes[2]])).toEqual(['a', 'c']);
  expect(second.started).toBe(false);
});

test('who has given up before does not get in', async () => {
  const semaphore = new Semaphore(1);
  const work = openWork();
  await expect(semaphore.pass(work.do, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
  expect(work.started).toBe(false);
  expect(await semaphore.pass(async () => 'through', patient)).toBe('through');
});

test('who gives up in the moment in which his turn comes takes nobody else’s place', async () => {
  const { first, second, third, impatient, passes } = threeInARow();
  await soon();
  // This runs after the turn was handed over, and before the second takes it.
  const late = first.promise.then(() => impatient.abort(new Error('enough')));
  first.end('a');
  second.end('b');
  third.end('c');
  await late;
  await Promise.allSettled(passes.slice(0, 2));
  expect(await Promise.race([passes[2], soon().then(soon)])).toBe('c');
});

test('whoever comes, ends or gives up in whatever order, no turn is lost and none is taken twice', async () => {
  const steps = fc.array(fc.tuple(fc.constantFrom('come', 'end', 'giveUp'), fc.nat(20)), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 3 }), steps, async (width, sequence) => {
      const semaphore = new Semaphore(width);
      const comers: { work: ReturnType<typeof openWork>; controller: AbortController; pass: Promise<unknown> }[] = [];
      let inside = 0;
      for (const [step, which] of sequence) {
        const comer = comers[which % Math.max(1, comers.length)];
        if (step === 'end') comer?.work.end('done');
        else if (step === 'giveUp') comer?.controller.abort(new Error('enough'));
        else {
          const [work, controller] = [openWork(), new AbortController()];
          const counted = async () => {
            inside += 1;
            expect(inside).toBeLessThanOrEqual(width);
            await work.do();
            inside -= 1;
          };
          const pass = semaphore.pass(counted, controller.signal);
          pass.catch(() => undefined);
          comers.push({ work, controller, pass });
        }
        if (which % 3 === 0) await soon();
      }
      for (const { work } of comers) work.end('done');
      await Promise.allSettled(comers.map(({ pass }) => pass));
      expect(inside).toBe(0);
      expect(await semaphore.pass(async () => 'through', patient)).toBe('through');
    }),
    { numRuns: 50 },
  );
});
