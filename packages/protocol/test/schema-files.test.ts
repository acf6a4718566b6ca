import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { SCHEMA_FILES, schemaText } from '../../../scripts/write-schemas.ts';

const FOLDER = join(import.meta.dirname, '../../../schemas');

test('schemas/ holds exactly the files that `npm run schemas` writes', () => {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
  expect(files.sort()).toEqual(SCHEMA_FILES.map(({ name }) => `${name}.json`).sort());
});

test.each(SCHEMA_FILES)('schemas/$name.json is in step with its source', (file) => {
  expect(readFileSync(join(FOLDER, `${file.name}.json`), 'utf8')).toBe(schemaText(file));
});

test.each(SCHEMA_FILES)('schemas/$name.json follows JSON Schema 2020-12', ({ schema }) => {
  const ajv = new Ajv2020();
  expect([ajv.validateSchema(schema), ajv.errors]).toEqual([true, null]);
});
