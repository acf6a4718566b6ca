import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Type } from 'typebox';
import { configSource, loadConfig } from '../src/config.ts';

const Schema = Type.Object(
  { port: Type.Integer({ default: 7780, maximum: 65_535 }), host: Type.String({ default: '127.0.0.1' }) },
  { additionalProperties: false },
);
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'config-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function configFile(text: string): Promise<string> {
  const file = join(directory, 'config.json');
  await writeFile(file, text);
  return file;
}

test('defaults fill what is left out, and the result is frozen', async () => {
  const config = await loadConfig(Schema, {});
  expect(config).toEqual({ port: 7780, host: '127.0.0.1' });
  expect(Object.isFrozen(config)).toBe(true);
});

test('the command line wins over the file', async () => {
  const file = await configFile('{"port": 1, "host": "::1"}');
  expect(await loadConfig(Schema, { file, overrides: { port: 2 } })).toEqual({ port: 2, host: '::1' });
});

test('what is given on the command line is taken as it is, or refused by the name of its option', () => {
  const source = { file: 'a.json', overrides: { port: 2 } };
  expect(configSource({})).toEqual({});
  expect(configSource({ config: 'a.json', override: '{"port": 2}' })).toEqual(source);
  for (const override of ['{', '[]', 'null']) {
    expect(() => configSource({ override })).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    expect(() => configSource({ override })).toThrow(/^--override: /);
  }
});

test('an unknown field is refused by name', async () => {
  const file = await configFile('{"prot": 1}');
  await expect(loadConfig(Schema, { file })).rejects.toThrow(/prot/);
});

test('a value over its limit is refused with its field', async () => {
  await expect(loadConfig(Schema, { overrides: { port: 99_999 } })).rejects.toThrow('/port must be <= 65535');
});

test('a file that is not there or not JSON is refused by its name', async () => {
  await expect(loadConfig(Schema, { file: join(directory, 'none.json') })).rejects.toThrow(/none\.json/);
  const file = await configFile('{');
  await expect(loadConfig(Schema, { file })).rejects.toThrow(/config\.json/);
});
