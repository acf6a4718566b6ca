/** Compiles schemas to functions, with ajv. */
import type { ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { TSchema } from 'typebox';

/** Which problems are reported. */
export type Report = 'none' | 'first' | 'all';

/**
 * A process compiles schemas as it needs them, so compiling must be fast. A test checks the schemas against the
 * meta-schema; code without optimization runs as fast; and the function for good documents reports nothing, which makes
 * it a third smaller.
 */
const COMPILE_FAST = { meta: false, validateSchema: false, code: { optimize: false } } as const;

/** Compiled schemas: compiling takes milliseconds and depends on the schema only. */
const memo: Record<Report, WeakMap<TSchema, ValidateFunction>> = {
  none: new WeakMap(),
  first: new WeakMap(),
  all: new WeakMap(),
};

export function compiled(schema: TSchema, report: Report): ValidateFunction {
  const known = memo[report].get(schema);
  if (known !== undefined) return known;
  // No schema uses `unevaluated…`; keeping account of it would take a third of the time.
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

/** Whether the function that checks good documents has already been compiled. */
export const isCompiled = (schema: TSchema): boolean => memo.none.has(schema);
