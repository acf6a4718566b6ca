import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { eventually } from '@vmgrid/test-support/hosts/processes.ts';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { BoundedLog, MAX_LOG_BYTES } from '../src/process/bounded-log.ts';

const directory = useTemporaryFolder();
const path = () => join(directory(), 'vmm.log');

test('a log that a process writes without end is cut down to its end whenever it is full', async () => {
  const file = await open(path(), 'a');
  const flood = 'head -c 40000000 /dev/zero >&2; echo flooded; read -r _; echo; echo last words >&2';
  const child = spawn('sh', ['-c', flood], { stdio: ['pipe', 'pipe', file.fd] });
  await file.close();
  const log = new BoundedLog(path());
  try {
    await once(child.stdout!, 'data');
    await eventually('the log is short again', async () => statSync(path()).size <= MAX_LOG_BYTES);
    child.stdin!.end('\n');
    await once(child, 'exit');
    expect((await readFile(path(), 'utf8')).endsWith('\0last words\n')).toBe(true);
  } finally {
    log.close();
  }
}, 30_000);

test('one that grew while nobody watched is cut at once, and says its end', async () => {
  await writeFile(path(), `${'x'.repeat(MAX_LOG_BYTES)} the end`);
  new BoundedLog(path()).close();
  expect(await readFile(path(), 'utf8')).toMatch(/^x+ the end$/);
  expect(statSync(path()).size).toBeLessThan(MAX_LOG_BYTES / 10);
});

test('one that is not full stays as it is', async () => {
  await writeFile(path(), 'a few words');
  new BoundedLog(path()).close();
  expect(await readFile(path(), 'utf8')).toBe('a few words');
});
