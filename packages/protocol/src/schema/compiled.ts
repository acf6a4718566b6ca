/** Schemas compiled by ajv to functions. */
import type { ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { TSchema } from 'typebox';

/** Which problems are told. */
export type Report = 'none' | 'first' | 'all';

/**
 * A process compiles what it needs as it goes. That schemas follow the meta-schema is a test's to see; code that is not
 * optimized runs as fast; what a good document is checked with tells nothing, which is a third less to compile.
 */
const COMPILE_FAST = { meta: false, validateSchema: false, code: { optimize: false } } as const;

/** Memo of compiled schemas: compiling takes milliseconds and depends on nothing but the schema. */
const memo: Record<Report, WeakMap<TSchema, ValidateFunction>> = {
  none: new WeakMap(),
  first: new WeakMap(),
  all: new WeakMap(),
};

export function compiled(schema: TSchema, report: Report): ValidateFunction {
  const known = memo[report].get(schema);
  if (known !== undefined) return known;
  // No schema says anything about what others left unevaluated: keeping account of it would take a third of the time.
  const keywords = { strict: true, ownProperties: true, unevaluated: false } as const;
  const tells = report !== 'none';
  const ajv = new Ajv2020({
    ...keywords,
    ...COMPILE_FAST,
    messages: tells,
    verbose: tells,
    allErrors: report === 'all',
  });
  addFormats.default(ajv, ['date-time']);
  const check = ajv.compile(schema);
  memo[report].set(schema, check);
  return check;
}

/** Whether somebody has paid already for what good documents are checked with. */
export const isCompiled = (schema: TSchema): boolean => memo.none.has(schema);
