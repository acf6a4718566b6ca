/** Random values that follow a schema, by the keywords that our schemas have, and such values damaged at one place. */
import fc, { type Arbitrary } from 'fast-check';
import type { TSchema } from 'typebox';

interface Keywords {
  readonly type?: string;
  readonly const?: unknown;
  readonly anyOf?: readonly Keywords[];
  readonly properties?: Readonly<Record<string, Keywords>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, Keywords>>;
  readonly items?: Keywords;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
}

const MANY = 3;

export const following = (schema: TSchema): Arbitrary<unknown> => oneOf(schema as Keywords);

function oneOf(schema: Keywords): Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map(oneOf));
  switch (schema.type) {
    case 'object':
      return objectOf(schema);
    case 'array':
      return arrayOf(schema);
    case 'string':
      return textOf(schema);
    case 'integer':
      return fc.integer({ min: schema.minimum ?? -9, max: Math.min(schema.maximum ?? 2 ** 31 - 1, 2 ** 31 - 1) });
    case 'number':
      return fc.double({ ...lowest(schema), max: schema.maximum ?? 1e9, noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      return fc.jsonValue({ maxDepth: 1 });
  }
}

function lowest({ minimum = -9, exclusiveMinimum }: Keywords) {
  return exclusiveMinimum === undefined ? { min: minimum } : { min: exclusiveMinimum, minExcluded: true };
}

function objectOf({ properties = {}, required = [], patternProperties = {} }: Keywords): Arbitrary<unknown> {
  const members = Object.fromEntries(Object.entries(properties).map(([name, member]) => [name, oneOf(member)]));
  const named = fc.record(members, { requiredKeys: [...required] });
  const [open] = Object.entries(patternProperties);
  if (open === undefined) return named;
  const more = fc.dictionary(fc.stringMatching(new RegExp(open[0])), oneOf(open[1]), { maxKeys: MANY });
  return fc.tuple(more, named).map(([others, own]) => ({ ...others, ...(own as object) }));
}

function arrayOf({ items = {}, minItems = 0, maxItems = minItems + MANY, uniqueItems }: Keywords): Arbitrary<unknown> {
  const bounds = { minLength: minItems, maxLength: Math.min(maxItems, minItems + MANY) };
  return uniqueItems ? fc.uniqueArray(oneOf(items), bounds) : fc.array(oneOf(items), bounds);
}

function textOf({ pattern, format, minLength = 0, maxLength = minLength + 8 }: Keywords): Arbitrary<unknown> {
  if (pattern !== undefined) return matching(new RegExp(pattern, 'u'));
  if (format === 'date-time')
    return fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }).map((date) => date.toISOString());
  return fc.string({ unit: 'binary', minLength, maxLength: Math.min(maxLength, minLength + 8) });
}

const DURATIONS = ['PT1S', 'PT0.5S', 'PT90M', 'P1DT2H', 'P7D'];

/** fast-check makes no texts of patterns that look ahead: of ours, the one of durations. */
function matching(pattern: RegExp): Arbitrary<string> {
  if (pattern.source.startsWith('^P(?=')) return fc.constantFrom(...DURATIONS);
  return fc.stringMatching(pattern, { size: 'xsmall' });
}

/** Nearly date-times, or just so. */
export const DATE_TIMES: readonly string[] = [
  ...[
    '2026-01-01T00:00:00Z',
    '2026-01-01t00:00:00z',
    '2026-01-01T00:00:60Z',
    '2026-12-31T23:59:60Z',
    '2024-02-29T00:00:00Z',
  ],
  ...[
    '2026-02-30T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:00:00+25:00',
    '2026-01-01T00:00:00.Z',
    '2026-01-01',
  ],
  ...['2026-01-01T00:00:00', '2026-01-01 00:00:00Z', '+002026-01-01T00:00:00Z', '2026-01-01T00:00:00+0100', ''],
  ...[
    '2026-01-01T00:00:00Z[UTC]',
    '2026-01-01T00:00:00Z[u-ca=hebrew]',
    '2026-01-01T00:00:00+01:00[Europe/Paris][foo=bar]',
  ],
];

const HOSTILE: readonly unknown[] = [
  ...[null, true, 0, -1, 1.5, 1e300, '', 'x', '\ud800', '😀😀', 'x'.repeat(5_000), [], [null], {}, { x: 1 }],
  ...DATE_TIMES,
];
const HOSTILE_NAMES = ['__proto__', 'constructor', 'toString', 'x', ''];

/** The value with one thing in it replaced, added or taken away; where and what is chosen by the numbers. */
export function damaged(value: unknown, where: number, what: number): unknown {
  const copy = { value: structuredClone(value) };
  const places = placesIn(copy);
  const { holder, name } = places[where % places.length]!;
  const kind = what % (HOSTILE.length + HOSTILE_NAMES.length + 1);
  const there = holder[name];
  if (kind < HOSTILE.length) holder[name] = HOSTILE[kind];
  else if (kind === HOSTILE.length + HOSTILE_NAMES.length) remove(holder, name);
  else if (typeof there === 'object' && there !== null && !Array.isArray(there))
    own(there, HOSTILE_NAMES[kind - HOSTILE.length]!);
  return copy.value;
}

function own(object: object, name: string): void {
  Object.defineProperty(object, name, { value: 'x', enumerable: true, configurable: true, writable: true });
}

function remove(holder: Record<string, unknown>, name: string): void {
  if (Array.isArray(holder)) holder.splice(Number(name), 1);
  else delete holder[name];
}

interface Place {
  readonly holder: Record<string, unknown>;
  readonly name: string;
}

function placesIn(holder: object): readonly Place[] {
  return Object.keys(holder).flatMap((name) => {
    const within = (holder as Record<string, unknown>)[name];
    const own = { holder: holder as Record<string, unknown>, name };
    return typeof within === 'object' && within !== null ? [own, ...placesIn(within)] : [own];
  });
}
