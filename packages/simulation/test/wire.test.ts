import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { overTheWire } from '../src/network/wire.ts';

const leaf = fc.oneof(
  ...[fc.string(), fc.double(), fc.boolean(), fc.date({ noInvalidDate: true })],
  fc.constantFrom<unknown>(null, undefined, () => undefined, Symbol('a')),
);
const key = fc.string({ maxLength: 4 });
const value = fc.letrec((tie) => ({
  any: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie('any'), { maxLength: 4 }), fc.dictionary(key, tie('any'))),
})).any;

test('what arrives is what would have come through JSON, and nobody can change it', () => {
  fc.assert(
    fc.property(value, (sent) => {
      const arrived = overTheWire({ sent });
      expect(arrived).toStrictEqual(JSON.parse(JSON.stringify({ sent })));
      for (const part of [arrived, (arrived as { sent: object }).sent]) expect(Object.isFrozen(part)).toBe(true);
    }),
  );
});

test('what has arrived is sent on as it is, within whatever is new', () => {
  const arrived = overTheWire({ bid: { cost: 1 } });
  expect(overTheWire({ first: arrived })).toStrictEqual({ first: { bid: { cost: 1 } } });
  expect((overTheWire({ first: arrived }) as { first: unknown }).first).toBe(arrived);
});

test('what JSON cannot hold cannot be sent', () => {
  expect(() => overTheWire({ size: 1n })).toThrow(TypeError);
});
