import { expect, test } from '@jest/globals';
import { ClassAd, parseClassAd, parseExpression, toJson, unparse } from '@vmgrid/classad';
import { adFromJson, adToJson, isAdJson } from '@vmgrid/protocol';
import fc from 'fast-check';
import { ad } from '../arbitraries.ts';

test('values become plain JSON and what JSON lacks becomes a quoted expression', () => {
  const one = parseClassAd('Cpus = 2\nName = "p"\nUp = true\nNone = undefined\nWhen = absTime("2026-11-21T12:00:00Z")');
  const more = ClassAd.of({ Load: 0.5, Tags: ['a', 1], Net: { Nat: false }, Big: 2n ** 60n });
  expect(adToJson(one.merge(more).with('Rank', parseExpression('TARGET.Cpus * 2')))).toEqual({
    Cpus: 2,
    Name: 'p',
    Up: true,
    None: null,
    When: expect.stringMatching(/^\/Expr\(absTime\(".*"\)\)\/$/),
    Load: 0.5,
    Tags: ['a', 1],
    Net: { Nat: false },
    Big: '/Expr(1152921504606846976)/',
    Rank: '/Expr(TARGET.Cpus * 2)/',
  });
});

test('an expression crosses a message as an expression, not as text', () => {
  const sent = ClassAd.of({ Requirements: parseExpression('TARGET.Cpus > 1') });
  const received = adFromJson(JSON.parse(JSON.stringify(adToJson(sent))));
  expect(toJson(received)).toBe(toJson(sent));
});

test('text that looks like a quoted expression stays text', () => {
  const sent = ClassAd.of({ Text: '/Expr(1 + 1)/', List: ['/Expr(x)/'] });
  const received = adFromJson(JSON.parse(JSON.stringify(adToJson(sent))));
  expect(unparse(received)).toBe(unparse(sent));
});

test('every ad survives JSON', () => {
  fc.assert(
    fc.property(ad, (one) => {
      expect(isAdJson(one)).toBe(true);
      expect(adToJson(adFromJson(one))).toEqual(one);
    }),
  );
});

const NO_ADS = [
  ...[{ A: '/Expr(1 +)/' }, { A: 'nul \u0000' }, { 'nul \u0000': 1 }],
  ...[{ A: ['/Expr(1 +)/'] }, { A: { B: 'nul \u0000' } }, { A: [['nul \u0000']] }],
];
test.each(NO_ADS)('%j is no ad: LINK_PROTOCOL', (json) => {
  expect(isAdJson(json)).toBe(false);
  expect(() => adFromJson(json)).toThrow(expect.objectContaining({ code: 'LINK_PROTOCOL' }));
});
