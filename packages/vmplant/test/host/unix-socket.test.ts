import { readdir } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { listenUnix } from '../../src/host/unix-socket.ts';
import { useTemporaryFolder } from '../temporary-folder.ts';

const folder = useTemporaryFolder();

test('listening that is called off leaves no socket, and the next may listen at the same name', async () => {
  await expect(listenUnix(folder(), 'save.sock', AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
  expect(await readdir(folder())).toEqual([]);
  const server = await listenUnix(folder(), 'save.sock', new AbortController().signal);
  expect(await readdir(folder())).toEqual(['save.sock']);
  await new Promise((closed) => server.close(closed));
  expect(await readdir(folder())).toEqual([]);
});
