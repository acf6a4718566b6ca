import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { copyOut } from '../../src/base/copy-out.ts';

const MIB = 1_048_576;
const options = {
  signal: new AbortController().signal,
  failure: { code: 'BASE_BUILD_FAILED', message: 'copying a disk' },
} as const;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vmgrid-copy-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test('the copy of a disk has its bytes, and takes no more room than they do', async () => {
  const [from, to] = ['from', 'to'].map((name) => join(directory, name)) as [string, string];
  await writeFile(from, 'bytes');
  await truncate(from, 8 * MIB);
  await copyOut(from, to, options);
  expect((await readFile(to)).equals(await readFile(from))).toBe(true);
  expect((await stat(to)).blocks * 512).toBeLessThan(MIB);
});

test('a copy that cannot be made is an error of whoever asked for it', async () => {
  const copied = copyOut(join(directory, 'missing'), join(directory, 'to'), options);
  await expect(copied).rejects.toMatchObject({ code: 'BASE_BUILD_FAILED' });
});
