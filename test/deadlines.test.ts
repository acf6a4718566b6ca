/** Every deadline says what was waited for: no source makes one that has no words. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const packages = join(import.meta.dirname, '../packages');

/** A signal that fires with a TimeoutError, of which nobody can say more than that it was late. */
const WORDLESS = /\bAbortSignal\s*\.\s*timeout\b/;

test('no source makes a signal that fires without saying what was waited for', () => {
  const sources = readdirSync(packages, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /^[\w-]+\/src\/.*\.ts$/.test(file),
  );
  expect(sources).toContain('daemon/src/async/deadline.ts');
  expect(sources.filter((file) => WORDLESS.test(readFileSync(join(packages, file), 'utf8')))).toEqual([]);
});
