import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from '@jest/globals';
import { exhaustionIn, exhaustionOf, GridError } from '@vmgrid/protocol';

const thrownBy = (work: () => Promise<unknown>): Promise<unknown> =>
  work().then(
    () => undefined,
    (error: unknown) => error,
  );

/** An error as Node makes it, for a limit that the test does not really reach. */
const systemError = (code: string, more: object = {}) =>
  Object.assign(new Error(`${code}: it is so`), { code, ...more });

test('a full disk has a code of its own, with the call that failed', async () => {
  const error = await thrownBy(() => writeFile('/dev/full', 'x'));
  expect(GridError.from(error).toBody()).toMatchObject({
    code: 'HOST_DISK_FULL',
    message: 'A disk of the host has no room left: ENOSPC, write',
    details: { cause: 'ENOSPC', call: 'write' },
    retryable: true,
  });
});

test('so has a database that may not grow', async () => {
  const database = new DatabaseSync(':memory:');
  database.exec('PRAGMA max_page_count = 2; CREATE TABLE t (x)');
  const error = await thrownBy(async () => database.exec("INSERT INTO t VALUES (printf('%.9000c', 'x'))"));
  expect(GridError.from(error).code).toBe('HOST_DISK_FULL');
  database.close();
});

test.each([
  ['EDQUOT', { syscall: 'write' }, 'HOST_DISK_FULL'],
  ['ENOMEM', { syscall: 'mmap' }, 'HOST_MEMORY_FULL'],
  ['EMFILE', { syscall: 'open', path: '/a/file' }, 'HOST_FILES_FULL'],
  ['ENFILE', { syscall: 'scandir' }, 'HOST_FILES_FULL'],
  ['EAGAIN', { syscall: 'spawn setpriv' }, 'HOST_PROCESSES_FULL'],
  ['EADDRINUSE', { syscall: 'listen', port: 0 }, 'HOST_PORTS_FULL'],
  ['EADDRINUSE', { syscall: 'listen', address: '127.0.0.1' }, 'HOST_PORTS_FULL'],
  ['EADDRINUSE', { syscall: 'listen', address: '/a/socket', port: -1 }, undefined],
  ['EADDRNOTAVAIL', { syscall: 'connect' }, 'HOST_PORTS_FULL'],
  ['EAGAIN', { syscall: 'read' }, undefined],
  ['EADDRINUSE', { syscall: 'listen', port: 7_780 }, undefined],
  ['ENOENT', { syscall: 'open', path: '/a/file' }, undefined],
  ['toString', {}, undefined],
])('%s (%j) means %s, also as the cause of another error', (code, more, expected) => {
  const error = systemError(code, more);
  expect(exhaustionOf(error)).toBe(expected);
  expect(exhaustionOf(new Error('work failed', { cause: new Error('a step failed', { cause: error }) }))).toBe(
    expected,
  );
});

test('an error that is its own cause comes to an end', () => {
  const error = new Error('round and round');
  error.cause = error;
  expect(exhaustionOf(error)).toBeUndefined();
});

test('what programs of the host print is understood', async () => {
  const child = spawn('sh', ['-c', 'dd if=/dev/zero of=/dev/full bs=1 count=1'], {
    env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' },
  });
  let printed = '';
  child.stderr.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
  });
  await once(child, 'close');
  expect([printed, exhaustionIn(printed)]).toEqual([expect.stringContaining('/dev/full'), 'HOST_DISK_FULL']);
});

test.each([
  ["qemu-system-x86_64: cannot set up guest memory 'mem': Cannot allocate memory", 'HOST_MEMORY_FULL'],
  ['sh: 1: Cannot fork', undefined],
  ['bash: fork: retry: Resource temporarily unavailable', 'HOST_PROCESSES_FULL'],
  ['open: Too many open files', 'HOST_FILES_FULL'],
  ['qemu-img: disk.qcow2: Failed to get "write" lock', undefined],
])('of %j it is %s', (output, expected) => {
  expect(exhaustionIn(output)).toBe(expected);
});
