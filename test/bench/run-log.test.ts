import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { RunLog } from './run-log.ts';

const folder = useTemporaryFolder();
const file = () => join(folder(), 'run.jsonl');
const SETTINGS = { seed: 1, points: 3 };

test('a run goes on after its last result that was written whole', () => {
  const run = RunLog.open<number>(file(), SETTINGS);
  expect(run.results).toEqual([]);
  run.add(7);
  run.add(8);
  appendFileSync(file(), '9');
  const again = RunLog.open<number>(file(), { points: 3, seed: 1 });
  expect(again.results).toEqual([7, 8]);
  again.add(10);
  expect(again.results).toEqual([7, 8, 10]);
  expect(readFileSync(file(), 'utf8')).toBe('{"seed":1,"points":3}\n7\n8\n10\n');
});

test('a run with other settings does not go on with it', () => {
  RunLog.open(file(), SETTINGS).add(7);
  expect(() => RunLog.open(file(), { ...SETTINGS, seed: 2 })).toThrow(/is of a run with {"seed":1,"points":3}, not/);
  expect(RunLog.open(file(), SETTINGS).results).toEqual([7]);
});

test('without a file results are kept for this run alone', () => {
  const run = RunLog.open<number>(undefined, SETTINGS);
  run.add(7);
  expect(run.results).toEqual([7]);
});
