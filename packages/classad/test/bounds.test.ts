import { describe, expect, test } from '@jest/globals';
import {
  booleanValue,
  ClassAd,
  evaluate,
  explainRequirements,
  parseClassAd,
  StepBudget,
  toJsValue,
} from '../src/index.ts';
import { search } from '../src/regex/machine.ts';
import { flagsFrom, parsePattern } from '../src/regex/parse.ts';
import { programOf } from '../src/regex/pattern-cache.ts';
import { compilePattern } from '../src/regex/program.ts';

function errorOf(text: string, ad = '[]', limits = {}): string | undefined {
  const value = evaluate(text, { my: parseClassAd(ad), limits });
  return value.kind === 'error' ? value.reason : `no error but ${value.kind}`;
}

function doubling(count: number, by: (name: string) => string, seed: string): string {
  const attributes = Array.from({ length: count }, (_, index) => `a${index + 1} = ${by(`a${index}`)};`);
  return `[ a0 = ${seed}; ${attributes.join(' ')} ]`;
}

describe('an evaluation ends', () => {
  test('when a string would grow past its limit', () => {
    const ad = doubling(10, (name) => `strcat(${name}, ${name})`, '"x"');
    expect(errorOf('a10', ad, { maxStringLength: 500 })).toBe('string longer than 500');
    expect(errorOf('string({a8, a8, a8})', ad, { maxStringLength: 500 })).toBe('string longer than 500');
    expect(errorOf('replaceAll("", a8, "yy")', ad, { maxStringLength: 500 })).toBe('string longer than 500');
  });

  test('when attributes fan out exponentially', () => {
    expect(
      errorOf(
        'a60',
        doubling(60, (name) => `${name} + ${name}`, '1'),
      ),
    ).toBe('more than 200000 steps');
    expect(
      errorOf(
        'a60',
        doubling(60, (name) => `{${name}, ${name}}`, '1'),
      ),
    ).toBe('more than 200000 steps');
    expect(
      errorOf(
        'a60',
        doubling(60, (name) => `[x = PARENT.${name}].x + [x = PARENT.${name}].x`, '1'),
      ),
    ).toBe('more than 200000 steps');
  });

  test('when a chain of attributes is too long, and cannot be hidden by isError', () => {
    const ad = doubling(5000, (name) => name, '1');
    expect(errorOf('a5000', ad)).toBe('more than 800 deep');
    expect(errorOf('isError(a5000)', ad)).toBe('more than 800 deep');
    expect(evaluate('unresolved(a5000)', { my: parseClassAd(ad) })).toEqual({ kind: 'string', value: '' });
  });

  test('when eval feeds on itself', () => {
    expect(errorOf('e', '[ e = eval("eval(s)"); s = "eval(s)" ]')).toBe('more than 800 deep');
  });

  test('within the call stack at the deepest that syntax and limits allow', () => {
    const calls = `${'strcat('.repeat(490)}"x"${')'.repeat(490)}`;
    const nested = `${'(true ? '.repeat(240)}1${' : 0)'.repeat(240)}`;
    expect(evaluate(calls)).toEqual({ kind: 'string', value: 'x' });
    expect(evaluate(nested)).toEqual({ kind: 'integer', value: 1n });
  });

  test('where a program has put ads into ads without end', () => {
    let deep = ClassAd.empty;
    for (let level = 0; level < 20_000; level += 1) {
      deep = ClassAd.of({ inner: deep });
    }
    expect(evaluate('string(MY)', { my: deep })).toMatchObject({
      kind: 'error',
      reason: expect.stringMatching(/nested more than/),
    });
    expect(toJsValue(deep)).toHaveProperty('inner.inner.inner');
  });

  test('where a list is as long as its text allows', () => {
    const my = parseClassAd(`[ l = {${'x,'.repeat(150_000)}1} ]`);
    expect(evaluate('unresolved(l)', { my })).toEqual({ kind: 'string', value: 'x' });
    expect(evaluate('size(l)', { my })).toEqual({ kind: 'integer', value: 150_001n });
    expect(evaluate('join(l)', { my })).toEqual({ kind: 'string', value: '1' });
    expect(evaluate('max(l)', { my })).toEqual({ kind: 'integer', value: 1n });
    const [condition] = explainRequirements(`size({${'x,'.repeat(150_000)}y}) > 0`, { my });
    expect(condition?.references.map(({ text }) => text)).toEqual(['x', 'y']);
  });

  test('also where ads contain each other and are made plain', () => {
    const plain = toJsValue(parseClassAd('[ a = [ b = PARENT.c; x = 1 ]; c = [ d = PARENT.a; e = PARENT ] ]'));
    expect(plain).toMatchObject({
      a: { b: { d: { message: 'ad contains itself' }, e: { message: 'ad contains itself' } }, x: 1 },
      c: { d: { b: { message: 'ad contains itself' } } },
    });
  });
});

describe('regular expressions', () => {
  const letter = 'a'.codePointAt(0)!;
  function unitsSpentOn(pattern: string, textLength: number): number {
    let spent = 0;
    const spend = (units: number): void => {
      spent += units;
    };
    search(compilePattern(parsePattern(pattern, flagsFrom(''))), Array(textLength).fill(letter), { from: 0, spend });
    return spent;
  }

  test.each(['(a*)*b', '(a|a)*b', '(a|aa)+$b', '(a?){50}a{50}b', '(.*)*(.*)*(.*)*x'])(
    '%s takes time linear in the text',
    (pattern) => {
      expect(unitsSpentOn(pattern, 2_000)).toBeLessThan(2.1 * unitsSpentOn(pattern, 1_000));
    },
  );

  test.each(['(a)\\1', '(?=a)a', '(?<!a)b', '(?>a)', 'a++', '(?R)', '((a{99}){99}){99}', '[z-a]', '(', 'a{2,1}', '*'])(
    '%s is refused as an error',
    (pattern) => {
      expect(evaluate('regexp(p, "a")', { my: ClassAd.of({ p: pattern }) }).kind).toBe('error');
    },
  );

  test('are compiled once, and forgotten past a limit on all that are kept', () => {
    const first = programOf('a+', 'i');
    expect(programOf('a+', 'i')).toBe(first);
    expect(programOf('a+', '')).not.toBe(first);
    for (let count = 0; count < 100; count += 1) {
      programOf(`a{1000}|${count}`, '');
    }
    expect(programOf('a+', 'i')).not.toBe(first);
  });

  test('agree with JavaScript where both mean the same', () => {
    const patterns = [
      ...['a|b', '^a.c$', '[^a-c]+', 'x{2,3}y', '(ab)*c', '\\d+\\.\\d*', '\\bfoo\\b', 'a*?b', '(?:a|ab)(?:c|bcd)'],
      ...['[]x]', '[\\w-]+', 'é', '\\x41', '(a(b)?)+', '$', '\\s\\S'],
    ].filter((pattern) => pattern !== '[]x]');
    const texts = [
      '',
      'a',
      'abc',
      'abcd',
      'a\nc',
      'xxy',
      'xxxxy',
      'ababc',
      '3.14',
      'a foo b',
      'food',
      'é',
      'A-b',
      ' x',
    ];
    for (const pattern of patterns) {
      for (const text of texts) {
        const my = ClassAd.of({ p: `(${pattern})`, t: text });
        const found = new RegExp(pattern).exec(text);
        expect([pattern, text, toJsValue(evaluate('regexps(p, t, "<\\\\1>")', { my }))]).toEqual([
          pattern,
          text,
          found === null ? '' : `<${found[0]}>`,
        ]);
      }
    }
  });

  test('know PCRE’s options, classes and replacement of every match', () => {
    const same = (text: string) => toJsValue(evaluate(text));
    expect(same('regexp("^B$", "a\\nb", "im")')).toBe(true);
    expect(same('regexp("a.b", "a\\nb")')).toBe(false);
    expect(same('regexp("a b # note", "ab", "x")')).toBe(true);
    expect(same('regexp("(?i)A(?-i:b)", "ab")')).toBe(true);
    expect(same('regexp("^[]x[:digit:]]+$", "]x1")')).toBe(true);
    expect(same('regexp("^\\\\Qa.b\\\\E$", "a.b")')).toBe(true);
    expect(same('replaceAll("b*", "abc", "-")')).toBe('-a--c-');
    expect(same('replace("(\\\\w+)@(\\\\w+)", "me a@b c", "\\\\2 at \\\\1")')).toBe('me b at a c');
  });
});

test('evaluations with one budget take their steps from it, and end with it', () => {
  const budget = new StepBudget(10);
  expect(evaluate('1 + 1 == 2', { budget })).toEqual(booleanValue(true));
  expect(budget.left).toBe(5);
  expect(evaluate('1 + 1 + 1 + 1', { budget })).toMatchObject({ kind: 'error', reason: 'more than 5 steps' });
  expect(budget.left).toBeLessThan(0);
});
