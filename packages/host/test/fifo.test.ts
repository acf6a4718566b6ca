import { once } from 'node:events';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { runCommand } from '@vmgrid/daemon';
import { NO_DEADLINE } from '@vmgrid/test-support/jest/no-deadline.ts';
import { holdFifo, makeFifos, readFifo, writeFifo } from '../src/fifo.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vmgrid-fifo-'));
  await makeFifos([join(folder, 'pipe')], runCommand, NO_DEADLINE);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('what one end writes the other reads, and whoever comes later reads what came meanwhile', async () => {
  const held = await holdFifo(join(folder, 'pipe'));
  const [reader, writer] = [readFifo(join(folder, 'pipe')), writeFifo(join(folder, 'pipe'))];
  writer.write('one');
  expect(String((await once(reader, 'data'))[0])).toBe('one');
  reader.destroy();
  writer.write('two');
  const later = readFifo(join(folder, 'pipe'));
  expect(String((await once(later, 'data'))[0])).toBe('two');
  const closed = once(later.resume(), 'close');
  writer.destroy();
  await held.close();
  await closed;
});

test('nobody to read is told at once; what is no pipe is not opened, nor what a link leads to', async () => {
  expect(() => writeFifo(join(folder, 'pipe'))).toThrow('ENXIO');
  await writeFile(join(folder, 'file'), '');
  expect(() => readFifo(join(folder, 'file'))).toThrow('is no pipe');
  await symlink('pipe', join(folder, 'link'));
  expect(() => readFifo(join(folder, 'link'))).toThrow('ELOOP');
});
