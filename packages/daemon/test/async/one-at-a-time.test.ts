import { expect, test } from '@jest/globals';
import { oneAtATime } from '../../src/index.ts';

test('triggers amid a run lead to one more run, for which all of them wait', async () => {
  const runs: PromiseWithResolvers<void>[] = [];
  const settled: string[] = [];
  const trigger = oneAtATime(() => {
    runs.push(Promise.withResolvers());
    return runs.at(-1)!.promise;
  });
  const note = (name: string) => void trigger().then(() => settled.push(name));

  note('first');
  note('second');
  note('third');
  expect(runs).toHaveLength(1);

  runs[0]!.resolve();
  await turn();
  expect(settled).toEqual(['first']);
  expect(runs).toHaveLength(2);

  note('fourth');
  runs[1]!.resolve();
  await turn();
  expect(settled).toEqual(['first', 'second', 'third']);
  expect(runs).toHaveLength(3);

  runs[2]!.resolve();
  await turn();
  expect(settled).toEqual(['first', 'second', 'third', 'fourth']);
  expect(runs).toHaveLength(3);
});

test('a trigger after the last run begins another at once', async () => {
  let runs = 0;
  const trigger = oneAtATime(async () => void runs++);
  await trigger();
  await turn();
  await trigger();
  expect(runs).toBe(2);
});

/** Everything that was only waiting for its turn has had it. */
const turn = () => new Promise((resolve) => setImmediate(resolve));
