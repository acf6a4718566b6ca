import fc from 'fast-check';
import { ClassAd, Expression, type PlainValue } from '../src/index.ts';
import { parseExpression } from '../src/text/parser.ts';

/** Any text a ClassAd can hold: no U+0000, no lone surrogates. */
export const adText = fc.string({ unit: 'binary', maxLength: 20 }).filter((text) => !text.includes('\0'));

export const attributeName = fc.oneof(
  { weight: 5, arbitrary: fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/) },
  { weight: 1, arbitrary: fc.constantFrom('true', 'IS', 'parent', 'error', '__proto__', 'constructor') },
  { weight: 1, arbitrary: adText.filter((text) => text !== '') },
);

const finiteReal = fc.double({ noNaN: true, noDefaultInfinity: true });
const integer = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

/** Scalars as plain values; times have whole seconds, as absolute times do. */
export const scalar: fc.Arbitrary<PlainValue> = fc.oneof(
  fc.constant(undefined),
  fc.boolean(),
  integer,
  finiteReal,
  adText,
  fc.date({ min: new Date('1001-01-01T00:00:00Z'), max: new Date('9998-12-31T00:00:00Z'), noInvalidDate: true }),
  fc.integer({ min: -1e9, max: 1e9 }).map((eighths) => relativeTime(eighths / 8)),
);

function relativeTime(seconds: number): Expression {
  return Expression.literal({ kind: 'relativeTime', seconds });
}

const literalText = fc.oneof(
  fc.constantFrom('true', 'false', 'undefined', 'error', '0.5', '-0.0', '1E300', '"a\\"b\\n"', '"é"'),
  integer.map(String),
  finiteReal
    .map((real) => (Number.isInteger(real) ? real.toExponential(3) : String(real)))
    .filter((t) => /[.e]/.test(t)),
  fc.constantFrom('absTime("2004-01-01T10:00:00+01:30")', 'relTime("1+02:03:04")', '0x1F', '2K', '1.5M'),
);
const name = fc.constantFrom('a', 'B', 'MY.a', 'TARGET.b', 'PARENT.c', '.root', "'quoted name'", "'true'", 'n.a.b');
const binaryOperator = fc.constantFrom(
  ...['||', '&&', '|', '^', '&', '==', '!=', '=?=', '=!=', 'is', 'isnt', '<', '<=', '>', '>='],
  ...['<<', '>>', '>>>', '+', '-', '*', '/', '%'],
);

/** Source text of expressions over the whole grammar; parts are in parentheses or not at random. */
export const expressionText: fc.Arbitrary<string> = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    fc.oneof(literalText, name),
    fc
      .tuple(fc.constantFrom('-', '+', '!', '~', '- ', '-('), tie('expression'))
      .map(([operator, operand]) => (operator.endsWith('(') ? `${operator}${operand})` : `${operator}${operand}`)),
    fc.tuple(tie('expression'), binaryOperator, tie('expression')).map((parts) => parts.join(' ')),
    fc.tuple(tie('expression'), tie('expression')).map(([left, right]) => `(${left}) ?: (${right})`),
    fc
      .tuple(tie('expression'), tie('expression'), tie('expression'))
      .map(([test, yes, no]) => `${test} ? (${yes}) : ${no}`),
    tie('expression').map((inner) => `(${inner})`),
    fc.tuple(tie('expression'), tie('expression')).map(([of, index]) => `(${of})[${index}]`),
    tie('expression').map((of) => `(${of}).attr`),
    fc
      .tuple(
        fc.constantFrom('strcat', 'size', 'member', 'ifThenElse', 'nothing', 'string', 'eval', 'join'),
        fc.array(tie('expression'), { maxLength: 3 }),
      )
      .map(([called, args]) => `${called}(${args.join(', ')})`),
    fc.array(tie('expression'), { maxLength: 3 }).map((items) => `{${items.join(',')}}`),
    fc
      .array(tie('expression'), { maxLength: 3 })
      .map((items) => `[${items.map((item, index) => `${['a', 'b', 'c'][index]} = ${item};`).join(' ')}]`),
  ),
})).expression;

export const expression = expressionText.map(parseExpression);

/** Ads of literals, lists, nested ads and expressions. */
export const classAd: fc.Arbitrary<ClassAd> = fc.letrec<{ ad: ClassAd; value: PlainValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    scalar,
    expression,
    fc.array(tie('value'), { maxLength: 3 }),
    tie('ad'),
  ),
  ad: fc
    .array(fc.tuple(attributeName, tie('value')), { maxLength: 4 })
    .map((entries) => entries.reduce((ad, [attribute, value]) => ad.with(attribute, value), ClassAd.empty)),
})).ad;
