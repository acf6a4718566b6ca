import { spawn } from 'node:child_process';
import { getEventListeners, once } from 'node:events';
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { connectUnix, listenUnix } from '../src/unix-socket.ts';

const folder = useTemporaryFolder();
const { signal } = new AbortController();

test('listening that is called off leaves no socket, and the next may listen at the same name', async () => {
  await expect(listenUnix(folder(), 'save.sock', AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
  expect(await readdir(folder())).toEqual([]);
  const server = await listenUnix(folder(), 'save.sock', signal);
  expect(await readdir(folder())).toEqual(['save.sock']);
  await new Promise((closed) => server.close(closed));
  expect(await readdir(folder())).toEqual([]);
});

test('who listens takes the place of a socket that one who was killed has left', async () => {
  const killed = await listenUnix(folder(), 'other.sock', signal);
  await rename(join(folder(), 'other.sock'), join(folder(), 'save.sock'));
  await new Promise((closed) => killed.close(closed));
  const server = await listenUnix(folder(), 'save.sock', signal);
  const connected = once(server, 'connection');
  (await connectUnix(folder(), 'save.sock', signal)).destroy();
  await connected;
  await new Promise((closed) => server.close(closed));
  expect(await readdir(folder())).toEqual([]);
});

test('a socket that refuses is tried again until somebody listens, and no try leaves a listener behind', async () => {
  const killed = await listenUnix(folder(), 'other.sock', signal);
  await rename(join(folder(), 'other.sock'), join(folder(), 'save.sock'));
  await new Promise((closed) => killed.close(closed));
  const watched = new AbortController().signal;
  const listeners: number[] = [];
  const enough = Promise.withResolvers<void>();
  const add = watched.addEventListener.bind(watched);
  watched.addEventListener = (...args: Parameters<typeof add>) => {
    add(...args);
    if (listeners.push(getEventListeners(watched, 'abort').length) === 40) enough.resolve();
  };
  const connecting = connectUnix(folder(), 'save.sock', watched);
  await enough.promise;
  const server = await listenUnix(folder(), 'save.sock', signal);
  (await connecting).destroy();
  await new Promise((closed) => server.close(closed));
  expect(Math.max(...listeners)).toBe(1);
  expect(getEventListeners(watched, 'abort')).toEqual([]);
});

/** Listens until its input ends, and accepts nobody. */
const LISTENER = `use Socket; my $s;
  socket($s, AF_UNIX, SOCK_STREAM, 0) && bind($s, pack_sockaddr_un($ARGV[0])) && listen($s, 1);
  $| = 1; print "listening\\n"; <STDIN>`;

test('one who ends amid being connected to does no harm beyond the socket', async () => {
  for (let round = 0; round < 30; round += 1) {
    const listener = spawn('perl', ['-e', LISTENER, join(folder(), 'save.sock')], { stdio: 'pipe' });
    await once(listener.stdout, 'data');
    const over = new AbortController();
    const connecting = connectUnix(folder(), 'save.sock', over.signal).catch(() => undefined);
    const ended = once(listener, 'exit');
    listener.kill('SIGKILL');
    await ended;
    over.abort();
    (await connecting)?.destroy();
    await rm(join(folder(), 'save.sock'), { force: true });
  }
}, 60_000);
