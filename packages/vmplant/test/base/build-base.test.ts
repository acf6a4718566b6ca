import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { baseImageId, buildBase } from '../../src/base/build-base.ts';

// Every test of a line needs a base image that boots; these tests are about base images that could not be built.
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vmgrid-base-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test('the id of a base image tells its system and its recipe', async () => {
  expect(await baseImageId('debian-12')).toMatch(/^base-debian-12-[0-9a-f]{12}$/);
  expect(await baseImageId('debian-12')).not.toBe(await baseImageId('debian-13').then((id) => id.replace('13', '12')));
});

test('an archive out of reach is BASE_BUILD_FAILED with the last output, and leaves nothing', async () => {
  const before = process.env.http_proxy;
  process.env.http_proxy = 'http://127.0.0.1:9';
  try {
    await expect(buildBase({ os: 'debian-12', directory, signal: AbortSignal.timeout(60_000) })).rejects.toMatchObject({
      code: 'BASE_BUILD_FAILED',
      details: { output: expect.stringContaining('E:') },
    });
  } finally {
    if (before === undefined) delete process.env.http_proxy;
    else process.env.http_proxy = before;
  }
  expect(await readdir(directory)).toEqual([]);
}, 70_000);

test('an aborted build stops, and leaves nothing', async () => {
  const abort = new AbortController();
  const reason = new Error('not wanted any more');
  const onProgress = ({ text }: { text: string }): void => {
    if (text.includes('extracting')) abort.abort(reason);
  };
  await expect(buildBase({ os: 'debian-12', directory, onProgress, signal: abort.signal })).rejects.toBe(reason);
  expect(await readdir(directory)).toEqual([]);
}, 60_000);

test('a folder with something in it is not touched', async () => {
  await writeFile(join(directory, 'mine'), '');
  await expect(buildBase({ os: 'debian-12', directory, signal: AbortSignal.timeout(1_000) })).rejects.toThrow(
    'not empty',
  );
  expect(await readdir(directory)).toEqual(['mine']);
});
