import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ClassAdSyntaxError, evaluate, parseClassAd, unparse } from '../src/index.ts';

const cases = readFileSync(join(import.meta.dirname, 'htcondor-cases.tsv'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => line.split('\t') as [kind: string, my: string, target: string, text: string, value: string]);

function written(my: string, target: string, text: string): string {
  const ad = (source: string) => (source === '-' ? undefined : parseClassAd(source));
  const [mine, theirs] = [ad(my), ad(target)];
  try {
    return unparse(evaluate(text, { ...(mine && { my: mine }), ...(theirs && { target: theirs }) }));
  } catch (cause) {
    expect(cause).toBeInstanceOf(ClassAdSyntaxError);
    return '<syntax>';
  }
}

describe.each([...new Set(cases.map(([kind]) => kind))])('%s', (kind) => {
  test.each(cases.filter((row) => row[0] === kind))('%s: %s %s %s is %s', (_kind, my, target, text, value) => {
    expect(written(my, target, text)).toBe(value);
  });
});
