import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type TSchema, Type } from 'typebox';
import { Check } from 'typebox/value';
import { EVENT_SCHEMAS, HelloSchema, METHOD_SCHEMAS } from '../../../src/link/method-schemas.ts';
import { MESSAGE_SCHEMAS } from '../../../src/schema/message-schemas.ts';
import { compiled } from '../../../src/schema/validation/compiled.ts';
import '../../../src/schema/validation/walk.ts'; // tells typebox what a date-time is
import { DATE_TIMES, damaged, following } from '../following.ts';

const SCHEMAS: readonly (readonly [string, TSchema])[] = [
  ...MESSAGE_SCHEMAS.map(({ name, schema }) => [name, schema] as const),
  ...Object.entries(METHOD_SCHEMAS).flatMap(([method, { request, reply }]) => [
    [`the request of ${method}`, request] as const,
    [`the reply to ${method}`, reply] as const,
  ]),
  ...Object.entries(EVENT_SCHEMAS).map(([event, schema]) => [`the event ${event}`, schema] as const),
  ['hello', HelloSchema],
];

test.each(SCHEMAS)('%s: what a walk takes for good is good', (_, schema) => {
  const check = compiled(schema, 'none');
  fc.assert(
    fc.property(following(schema), fc.nat(), fc.nat(), (good, where, what) => {
      expect({ good, walk: Check(schema, good), compiled: check(good) }).toEqual({ good, walk: true, compiled: true });
      const bad = damaged(good, where, what);
      if (Check(schema, bad)) expect({ bad, compiled: check(bad) }).toEqual({ bad, compiled: true });
    }),
    { numRuns: 25, seed: 1 },
  );
});

test.each(DATE_TIMES)('%s is a date-time for a walk if it is one for ajv', (text) => {
  const schema = Type.String({ format: 'date-time' });
  expect(Check(schema, text)).toBe(compiled(schema, 'none')(text));
});
