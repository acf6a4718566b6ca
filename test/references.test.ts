/** The pages of `docs` that say what the code has. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { configurationPage } from '../scripts/configuration-page.ts';

const page = (name: string): string => readFileSync(join(import.meta.dirname, '../docs', name), 'utf8');

test('docs/configuration.md has every field of every daemon as its schema says (mended by `npm run schemas`)', () => {
  expect(page('configuration.md')).toBe(configurationPage());
});
