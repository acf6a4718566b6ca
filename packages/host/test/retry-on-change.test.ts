import { getEventListeners } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { retryOnChange } from '../src/retry-on-change.ts';

const folder = useTemporaryFolder();
const never = async () => undefined;

test('what changes amid a try is reason for the next, and no try leaves a listener behind', async () => {
  const { signal } = new AbortController();
  const listeners: number[] = [];
  const attempt = async () => {
    listeners.push(getEventListeners(signal, 'abort').length);
    await writeFile(join(folder(), 'file'), String(listeners.length));
    return listeners.length < 20 ? undefined : 'done';
  };
  expect(await retryOnChange(folder(), attempt, signal)).toBe('done');
  expect(new Set(listeners)).toEqual(new Set([0]));
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('nothing is tried once it was called off, and waiting ends with the reason', async () => {
  const reason = new Error('enough');
  await expect(retryOnChange(folder(), never, AbortSignal.abort(reason))).rejects.toBe(reason);
  const controller = new AbortController();
  const attempt = async () => void setImmediate(() => controller.abort(reason));
  await expect(retryOnChange(folder(), attempt, controller.signal)).rejects.toBe(reason);
});

test('a folder that is not there is an error, and so is a try that fails', async () => {
  const { signal } = new AbortController();
  await expect(retryOnChange(join(folder(), 'none'), never, signal)).rejects.toMatchObject({ code: 'ENOENT' });
  const attempt = () => Promise.reject(new Error('refused'));
  await expect(retryOnChange(folder(), attempt, signal)).rejects.toThrow('refused');
});
