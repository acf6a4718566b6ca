import { describe, expect, test } from '@jest/globals';
import {
  ClassAd,
  ClassAdSyntaxError,
  evaluate,
  explainRequirements,
  fromXml,
  parseClassAd,
  parseExpression,
  toXml,
  unparse,
} from '../src/index.ts';
import { expectSame } from './same-value.ts';

function grouped(text: string): string {
  return unparse(parseExpression(text));
}

describe('text', () => {
  test('is written as HTCondor writes it', () => {
    const ad = parseClassAd(`[
      // a comment
      A=1;; b = "x\\ty" /* another */; r = 0.5; n = -3; list = {1,"two",{}}; inner = [ x = MY.A + -b ];
      'odd name' = ifThenElse(a is 1, !true, a ?: 5); t = relTime("26:00:01"); q = a ? b[0] : TARGET.c.d; e = []
    ]`);
    expect(ad.toString()).toBe(
      '[ A = 1; b = "x\\ty"; r = 5.000000000000000E-01; n = -3; list = { 1,"two",{  } }; inner = [ x = MY.A +  -b ]; ' +
        '\'odd name\' = ifThenElse(a is 1, !true,a ?: 5); t = relTime("1+02:00:01"); q = a ? b[0] : TARGET.c.d; ' +
        'e = [  ] ]',
    );
  });

  test('reads numbers in decimal, octal, hexadecimal, and scaled to reals by B, K, M, G and T', () => {
    expectSame('', [
      ['0x1f', '31'],
      ['2K', '2048.0'],
      ['1.5M', '1572864.0'],
      ['1T', '1099511627776.0'],
      ['7B', '7.0'],
      ['.5e1', '5.0'],
      ['-9223372036854775808', '-9223372036854775807 - 1'],
    ]);
  });

  test('reads strings with escapes, and strings side by side as one', () => {
    expect(evaluate(String.raw`"tab\t quote\" octal\101 utf8\303\251 other\q" " and more"`)).toEqual({
      kind: 'string',
      value: 'tab\t quote" octalA utf8é otherq and more',
    });
    expect(unparse({ kind: 'string', value: 'é\u0001' })).toBe(String.raw`"\303\251\001"`);
  });

  test('subtracts after an operand and negates elsewhere', () => {
    expectSame('a = 5', [
      ['a -1', '4'],
      ['a - -1', '6'],
      ['(a)-1', '4'],
      ['{a}[0]-1', '4'],
      ['- 1', '-1'],
    ]);
  });
});

describe('operators', () => {
  test('bind from || over && | ^ & equality order shift + * to unary, postfix and elvis', () => {
    expectSame('', [
      ['1 || 0 && 0', 'true'],
      ['1 | 2 ^ 3 & 4', '1 | (2 ^ (3 & 4))'],
      ['1 == 1 & 1', '1 & true'],
      ['1 < 2 == 2 < 3', '(1 < 2) == (2 < 3)'],
      ['1 << 2 + 1', '8'],
      ['2 + 3 * 4 % 5', '2 + ((3 * 4) % 5)'],
      ['10 - 4 - 3', '3'],
      ['-2 * -3', '6'],
      ['undefined ?: 2 + 3', '5'],
      ['undefined ?: undefined ?: 7', '7'],
      ['undefined ? : 7', '7'],
      ['true ? 1 : false ? 2 : 3', '1'],
    ]);
  });

  test('keep their parentheses', () => {
    expect(grouped('(1+2)*3')).toBe('(1 + 2) * 3');
    expect(grouped('a=!=b')).toBe('a isnt b');
  });
});

describe('long form', () => {
  test('is one assignment a line, backslashes literal except before a quote', () => {
    const ad = parseClassAd(
      '# a machine\nFoo = 3\n# its bar\nBar = "ab\\"cd\\ef"\nMoo = Foo =!= Undefined\r\nPath = "C:\\"\n',
    );
    expect(ad).toEqual(
      ClassAd.of({ Foo: 3, Bar: 'ab"cd\\ef', Moo: parseExpression('Foo isnt undefined'), Path: 'C:\\' }),
    );
  });

  test('tells where it is wrong', () => {
    expect(() => parseClassAd('A = 1\nB = (2')).toThrow(/expected "\)", got end of text \(line 2, column 7\)/);
    expect(() => parseClassAd('A = 1\nnonsense')).toThrow(/expected "Name = expression" \(line 2, column 1\)/);
  });
});

describe('syntax errors', () => {
  test.each([
    'true || false || ;',
    '3 | 4 | ;',
    '1 + 3 + ;',
    '(1',
    '{1 2}',
    'f(1',
    '"open',
    "'open",
    '/* open',
    '1.',
    '089',
    '0x',
    '9223372036854775808',
    '"\\0"',
    'a b',
    '=?',
    'a.5x',
    '[a = 1',
    '[7, 8]',
    'a ? b',
    '$',
    '',
  ])('%s is none', (text) => {
    expect(() => parseExpression(text)).toThrow(ClassAdSyntaxError);
  });

  test('carry their place', () => {
    const error = (() => {
      try {
        return parseExpression('1 +\n  )');
      } catch (cause) {
        return cause;
      }
    })();
    expect(error).toMatchObject({ name: 'ClassAdSyntaxError', offset: 6, line: 2, column: 3 });
  });

  test('do not come from the number of operators in a row', () => {
    for (const count of [500, 20_000]) {
      const terms = Array.from({ length: count }, () => 'a');
      const ad = parseClassAd(`[ a = true; all = ${terms.join(' && ')}; sum = ${terms.join(' + ')} ]`);
      expect(evaluate('all', { my: ad })).toEqual({ kind: 'boolean', value: true });
      expect(evaluate('sum', { my: ad })).toEqual({ kind: 'integer', value: BigInt(count) });
      expect(parseClassAd(ad.toString()).toString()).toBe(ad.toString());
      expect(fromXml(toXml(ad)).toString()).toBe(ad.toString());
      expect(explainRequirements(terms.join(' && '), { my: ad })).toHaveLength(count);
    }
  });

  test('come from nesting past 500, of any kind', () => {
    const tooDeep = [
      `${'('.repeat(501)}1${')'.repeat(501)}`,
      `${'!'.repeat(600)}a`,
      `${'[a='.repeat(501)}1${']'.repeat(501)}`,
      `a${'?:a'.repeat(600)}`,
      `a${'.a'.repeat(600)}`,
      `a${'[0]'.repeat(600)}`,
      `${'a ? 0 : '.repeat(600)}0`,
      `${'(1||1&&1|1^1&1==1<1<<1+1*'.repeat(20_000)}1`,
      `${'{'.repeat(20_000)}`,
    ];
    for (const text of tooDeep) {
      expect(() => parseExpression(text)).toThrow(/nested more than 500 deep/);
    }
  });
});
