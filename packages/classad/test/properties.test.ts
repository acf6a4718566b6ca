import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  evaluate,
  fromJson,
  fromXml,
  parseClassAd,
  parseExpression,
  toJson,
  toJsValue,
  toXml,
  unparse,
} from '../src/index.ts';
import { adText, classAd, expression, expressionText } from './arbitraries.ts';

const kinds = [
  ...['undefined', 'error', 'boolean', 'integer', 'real', 'string'],
  ...['absoluteTime', 'relativeTime', 'list', 'classad'],
];

describe('what is written is read back', () => {
  test('an expression survives its text', () => {
    fc.assert(
      fc.property(expression, (written) => {
        expect(parseExpression(written.toString())).toEqual(written);
      }),
      { numRuns: 500 },
    );
  });

  test('an ad survives text, JSON on one line and indented, and XML', () => {
    fc.assert(
      fc.property(classAd, (ad) => {
        expect(parseClassAd(unparse(ad))).toEqual(ad);
        expect(fromJson(toJson(ad))).toEqual(ad);
        expect(fromJson(toJson(ad, { oneLine: true }))).toEqual(ad);
        expect(fromXml(toXml(ad))).toEqual(ad);
      }),
      { numRuns: 500 },
    );
  });

  test("an ad's JSON is JSON", () => {
    fc.assert(fc.property(classAd, (ad) => expect(() => JSON.parse(toJson(ad))).not.toThrow()));
  });

  test('any text is a string again after quoting', () => {
    fc.assert(
      fc.property(adText, (text) => {
        expect(evaluate(unparse({ kind: 'string', value: text }))).toEqual({ kind: 'string', value: text });
      }),
    );
  });
});

describe('evaluation is total', () => {
  test('every expression over every pair of ads has a value, and always the same', () => {
    fc.assert(
      fc.property(expressionText, classAd, classAd, (text, my, target) => {
        const value = evaluate(text, { my, target });
        expect(kinds).toContain(value.kind);
        expect(unparse(evaluate(text, { my, target }))).toBe(unparse(value));
        toJsValue(value);
      }),
      { numRuns: 500 },
    );
  });

  test('any text is an expression or a ClassAdSyntaxError', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          adText,
          expressionText.map((text) => text.slice(1)),
        ),
        (text) => {
          for (const read of [parseExpression, parseClassAd, fromJson, fromXml]) {
            try {
              read(text);
            } catch (cause) {
              expect(cause).toMatchObject({ name: 'ClassAdSyntaxError' });
            }
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('algebra', () => {
  const operand = fc.constantFrom('true', 'false', 'undefined', 'error', '0', '2', '0.0', '"text"', '{}');

  test('&& and || are dual, but for which operand an exception came from', () => {
    fc.assert(
      fc.property(operand, operand, (left, right) => {
        const and = unparse(evaluate(`!(${left} && ${right})`));
        expect(unparse(evaluate(`!${left} || !${right}`))).toBe(and);
      }),
    );
  });

  test('=?= never gives undefined and =!= is its negation', () => {
    fc.assert(
      fc.property(expressionText, expressionText, (left, right) => {
        const same = evaluate(`(${left}) =?= (${right})`);
        expect(same.kind).not.toBe('undefined');
        expect(evaluate(`!((${left}) =!= (${right}))`).kind).toBe(same.kind);
      }),
    );
  });

  test('integers wrap at 64 bits as two’s complement', () => {
    const integer = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    fc.assert(
      fc.property(integer, integer, (left, right) => {
        expect(evaluate(`(${left}) + (${right})`)).toEqual({ kind: 'integer', value: BigInt.asIntN(64, left + right) });
        expect(evaluate(`(${left}) * (${right})`)).toEqual({ kind: 'integer', value: BigInt.asIntN(64, left * right) });
      }),
    );
  });
});
