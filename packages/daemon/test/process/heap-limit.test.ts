import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { hasHeapLimit } from '../../src/process/heap-limit.ts';

/** Says what it was started with, and its process. */
const PROGRAM = `
  import { limitHeap } from '${join(import.meta.dirname, '../../src/process/heap-limit.ts')}';
  limitHeap({ heapMiB: 300 });
  console.log(JSON.stringify({ flags: process.execArgv, words: process.argv.slice(2), pid: process.pid }));
`;

let folder: string;
let program: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'heap-'));
  program = join(folder, 'program.mjs');
  writeFileSync(program, PROGRAM);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function started(flags: readonly string[], nodeOptions = '') {
  const child = promisify(execFile)(process.execPath, [...flags, program, '--config', 'a b'], {
    env: { ...process.env, NODE_OPTIONS: nodeOptions },
  });
  return { pid: child.child.pid, told: JSON.parse((await child).stdout) };
}

test('a program begins anew with its limit: in the same process, with its other flags and all its words', async () => {
  const { pid, told } = await started(['--no-warnings']);
  expect(told).toEqual({
    flags: ['--max-old-space-size=300', '--max-semi-space-size=19', '--no-warnings'],
    words: ['--config', 'a b'],
    pid,
  });
});

test.each([
  [['--max-old-space-size=200'], ''],
  [['--max_old_space_size=200'], ''],
  [[], '--max-heap-size=200'],
])('a limit that it was started with counts: %j, NODE_OPTIONS %j', async (flags, nodeOptions) => {
  expect((await started(flags, nodeOptions)).told.flags).toEqual(flags);
});

test('only what limits the heap is taken for a limit', () => {
  expect(
    [['--max-old-space-size=1'], ['--max-old-space-size-percentage=50']].map((flags) => hasHeapLimit(flags)),
  ).toEqual([...[true, true]]);
  expect(hasHeapLimit(['--max-http-header-size=1', '--max-semi-space-size=1'], '--cpu-prof')).toBe(false);
});
