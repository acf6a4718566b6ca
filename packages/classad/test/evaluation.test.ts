import { describe, expect, test } from '@jest/globals';
import { ClassAd, evaluate, parseClassAd, parseExpression, toJsValue, unparse } from '../src/index.ts';
import { expectSame } from './same-value.ts';

describe('four-valued logic', () => {
  const values = ['false', 'undefined', 'true', 'error'];
  const table = (operator: string) =>
    values.map((left) => values.map((right) => unparse(evaluate(`${left} ${operator} ${right}`))));

  test('of && : false decides, then error, then undefined', () => {
    expect(table('&&')).toEqual([
      ['false', 'false', 'false', 'false'],
      ['false', 'undefined', 'undefined', 'error'],
      ['false', 'undefined', 'true', 'error'],
      ['error', 'error', 'error', 'error'],
    ]);
  });

  test('of || : true decides, then error, then undefined', () => {
    expect(table('||')).toEqual([
      ['false', 'undefined', 'true', 'error'],
      ['undefined', 'undefined', 'true', 'error'],
      ['true', 'true', 'true', 'true'],
      ['error', 'error', 'error', 'error'],
    ]);
  });

  test('takes numbers for booleans and text for an error', () => {
    expectSame('', [
      ['!undefined', 'undefined'],
      ['!error', 'error'],
      ['!0.0', 'true'],
      ['true && "foobar"', 'error'],
      ['2 && true', 'true'],
      ['undefined ? 1 : 2', 'undefined'],
      ['0 ? 1 : 2', '2'],
      ['"x" ? 1 : 2', 'error'],
      ['error ?: 1', 'error'],
    ]);
  });
});

describe('comparison', () => {
  test('follows the tables of the manual', () => {
    expectSame('', [
      ['10 == 10', 'true'],
      ['10 == 5', 'false'],
      ['10 == "ABC"', 'error'],
      ['"ABC" == "abc"', 'true'],
      ['10 == undefined', 'undefined'],
      ['undefined == undefined', 'undefined'],
      ['10 =?= "ABC"', 'false'],
      ['"ABC" =?= "abc"', 'false'],
      ['10 =?= undefined', 'false'],
      ['undefined =?= undefined', 'true'],
      ['"ABC" =!= "abc"', 'true'],
      ['1 =?= 1.0', 'false'],
      ['1 == 1.0', 'true'],
      ['true == 1', 'true'],
      ['"a" < "B"', 'true'],
      ['error == undefined', 'error'],
      ['{1} == {1}', 'error'],
      ['absTime("2004-01-01T00:00:00Z") == absTime("2004-01-01T01:00:00+01:00")', 'true'],
      ['absTime("2004-01-01T00:00:00Z") =?= absTime("2004-01-01T01:00:00+01:00")', 'false'],
    ]);
  });
});

describe('arithmetic', () => {
  test('stays in integers, promotes to reals, and is strict', () => {
    expectSame('', [
      ['7 / 2', '3'],
      ['-7 / 2', '-3'],
      ['-7 % 2', '-1'],
      ['7 / 2.0', '3.5'],
      ['true + 1', '2'],
      ['"1" + 1', 'error'],
      ['1 + undefined', 'undefined'],
      ['undefined + error', 'error'],
      ['1 / 0', 'error'],
      ['1 % 0', 'error'],
      ['1.0 / 0.0', 'error'],
      ['5.0 % 2.0', 'error'],
      ['9223372036854775807 + 1', '-9223372036854775808'],
      ['(-9223372036854775807 - 1) / -1', '9223372036854775807'],
      ['-true', 'error'],
      ['+"x"', 'error'],
    ]);
  });

  test('shifts and masks 64 bits', () => {
    expectSame('', [
      ['-1 >>> 60', '15'],
      ['-16 >> 2', '-4'],
      ['1 << 63', '-9223372036854775808'],
      ['1 << 64', '0'],
      ['-1 >> 100', '-1'],
      ['1 << -1', 'error'],
      ['~5 & 0xff', '250'],
      ['1.0 | 1', 'error'],
    ]);
  });

  test('knows times', () => {
    expectSame('', [
      ['absTime("2004-01-01T00:00:00Z") + relTime("1+00:00:00")', 'absTime("2004-01-02T00:00:00Z")'],
      ['absTime("2004-01-02T00:00:00Z") - absTime("2004-01-01T00:00:00Z")', 'relTime("1+00:00:00")'],
      ['2 * relTime("00:30")', 'relTime("01:00")'],
      ['relTime("01:00") / 4', 'relTime("00:15")'],
      ['-relTime("10")', 'relTime("-10")'],
      ['relTime("1") + 1', 'error'],
      ['absTime(99999999999999)', 'error'],
    ]);
  });
});

describe('scopes', () => {
  const my = parseClassAd(`[ x = 1; own = 2; n = [ x = 10; up = PARENT.x; me = MY.x; root = .x; out = own;
    deep = [ y = x + own ] ]; toTarget = TARGET.x; back = other.viaTarget ]`);
  const target = parseClassAd('[ x = 100; theirs = 7; viaTarget = TARGET.own; unscoped = own ]');

  test('are MY, then the enclosing ads, then TARGET', () => {
    expectSame(
      my.toString(),
      [
        ['x', '1'],
        ['MY.x + TARGET.x', '101'],
        ['theirs', '7'],
        ['MY.theirs', 'undefined'],
        ['n.up', '1'],
        ['n.me', '10'],
        ['n.root', 'undefined'],
        ['n.out', '2'],
        ['n.deep.y', '12'],
        ['toTarget', '100'],
        ['back', '2'],
        ['TARGET.unscoped', '2'],
        ['n["x"]', '10'],
        ['n["own"]', 'undefined'],
        ['nowhere', 'undefined'],
        ['nowhere.x', 'undefined'],
        ['x.y', 'error'],
      ],
      { target },
    );
  });

  test('can be added by name', () => {
    const context = {
      my: ClassAd.of({ MemoryMiB: 256 }),
      target: ClassAd.of({ FreeMemoryMiB: 1024 }),
      scopes: { PLAN: ClassAd.of({ ExpectedSeconds: 30 }) },
    };
    const cost = parseExpression('1.0 * MY.MemoryMiB / TARGET.FreeMemoryMiB + 0.02 * plan.ExpectedSeconds');
    expect(evaluate(cost, context)).toEqual({ kind: 'real', value: 0.85 });
    expect(evaluate('PLAN.Nothing', context)).toEqual({ kind: 'undefined' });
    expect(evaluate('ExpectedSeconds', context)).toEqual({ kind: 'undefined' });
  });

  test('that refer in a circle give errors where the circle closes', () => {
    expectSame('[ a = b; b = a; c = c + 1; d = isError(d); e = { e } ]', [
      ['a', 'error'],
      ['c', 'error'],
      ['d', 'true'],
      ['e', '{ error }'],
    ]);
    const left = ClassAd.of({ x: parseExpression('TARGET.x') });
    expect(evaluate('x', { my: left, target: left })).toEqual({ kind: 'error', reason: 'circular reference' });
  });

  test('are not confused by one expression standing in both ads', () => {
    const shared = parseExpression('MY.leaf ?: TARGET.x');
    expect(evaluate('x', { my: ClassAd.of({ x: shared }), target: ClassAd.of({ x: shared, leaf: 5 }) })).toEqual({
      kind: 'integer',
      value: 5n,
    });
  });

  test('ignore the case of names, which keep their spelling', () => {
    const ad = ClassAd.of({ MemoryMiB: 1 }).with('memorymib', 2);
    expect([ad.names(), ad.has('MEMORYMIB'), toJsValue(ad)]).toEqual([['MemoryMiB'], true, { MemoryMiB: 2 }]);
  });
});

describe('plain values', () => {
  test('go in and come out', () => {
    const plain = {
      whole: 3,
      real: 0.5,
      big: 2n ** 62n,
      text: 'x',
      yes: true,
      when: new Date('2026-01-02T03:04:05Z'),
      list: [1, 'two', [3]],
      inner: { a: 1, __proto__x: 2 },
    };
    expect(toJsValue(ClassAd.of(plain))).toEqual(plain);
  });

  test('are evaluated on the way out, errors as objects', () => {
    const value = toJsValue(parseClassAd('[ a = b * 2; b = 21; c = 1/0; d = nothing; e = relTime("1:30") ]'));
    expect(value).toMatchObject({ a: 42, b: 21, c: { message: 'division by zero' }, e: 90 });
    expect(value).toHaveProperty('d', undefined);
  });

  test('that cannot be a ClassAd are TypeErrors', () => {
    const circle: { [name: string]: unknown } = {};
    circle.self = circle;
    for (const wrong of [{ a: 'nul\0' }, { a: Symbol('x') }, { a: () => 1 }, { a: new Date(Number.NaN) }, circle]) {
      expect(() => ClassAd.of(wrong as never)).toThrow(TypeError);
    }
  });
});
