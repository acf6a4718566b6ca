import { expect } from '@jest/globals';
import { ClassAd, type EvaluationContext, evaluate, parseClassAd, unparse } from '../src/index.ts';

/** Asserts that each expression has the value of the one beside it. */
export function expectSame(
  ad: string,
  pairs: readonly (readonly [string, string])[],
  context: EvaluationContext = {},
): void {
  const my = ad === '' ? ClassAd.empty : parseClassAd(ad);
  const actual = pairs.map(([text]) => `${text} = ${unparse(evaluate(text, { my, ...context }))}`);
  const wanted = pairs.map(([text, value]) => `${text} = ${unparse(evaluate(value, { my, ...context }))}`);
  expect(actual).toEqual(wanted);
}
