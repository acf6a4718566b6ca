import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from '@jest/globals';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { settleConfig } from '../../src/local-grid/grid-config.ts';

const places = { stateDirectory: '/state' };
const fields = { httpPort: 7780, logLevel: 'info' };

const folder = useTemporaryFolder();
let file: string;
beforeEach(() => {
  file = join(folder(), 'shop.json');
});

test('a new file has the places alone; all else goes before it', async () => {
  const settled = await settleConfig(file, { places, fields, asked: new Set() });
  expect(settled).toEqual({ config: places, overrides: fields });
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(places);
});

test('a file that is there stays, and what it says holds before what nobody asked for', async () => {
  const text = '{ "httpPort": 80, "logLevel": "warn" }';
  await writeFile(file, text);
  const { config, overrides } = await settleConfig(file, { places, fields, asked: new Set(['logLevel']) });
  expect([config, overrides]).toEqual([JSON.parse(text), { logLevel: 'info' }]);
  expect(await readFile(file, 'utf8')).toBe(text);
  expect((await settleConfig(file, { places, fields })).overrides).toEqual(fields);
});

test.each([
  ['no JSON', '{'],
  ['a list', '[]'],
])('a file that holds %s is named', async (_, text) => {
  await writeFile(file, text);
  await expect(settleConfig(file, { places, fields })).rejects.toThrow(file);
});
