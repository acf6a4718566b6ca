/**
 * Checks schemas that see few documents. Compiling a schema takes tens of milliseconds while a process is young, as
 * long as some hundred walks through it. So a process that sees few documents of a kind never compiles its schema.
 */
import addFormats from 'ajv-formats';
import type { TSchema } from 'typebox';
import { Format } from 'typebox/format';
import { Check } from 'typebox/value';
import { isCompiled } from './compiled.ts';
import { hasAtMost } from './has-at-most.ts';

/** Walks through one schema; a schema that is used more often is worth compiling. */
const WALKS = 100;
/** A document with more values is worth compiling for. */
const WALKED_VALUES = 1_000;

/** The date-time format as ajv checks it (RFC 3339); typebox also accepts suffixes of RFC 9557. */
const DATE_TIME = addFormats.default.get('date-time') as { readonly validate: (text: string) => boolean };
Format.Set('date-time', DATE_TIME.validate);

/** Walks through each schema so far. */
const walked = new WeakMap<TSchema, number>();

/** Whether a schema has been walked through so often that it is worth compiling. */
export const isUsedOften = (schema: TSchema): boolean => walked.get(schema) === WALKS;

/** Returns true when a walk was worth it and found the value good. Otherwise the compiled schema decides. */
export function isGoodByWalk(schema: TSchema, value: unknown): boolean {
  const walks = walked.get(schema) ?? 0;
  if (isUsedOften(schema) || isCompiled(schema) || !hasAtMost(value, WALKED_VALUES)) return false;
  walked.set(schema, walks + 1);
  return Check(schema, value);
}
