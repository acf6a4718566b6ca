/** Validates values against typebox schemas (JSON Schema 2020-12), with error messages for people. */
import type { ErrorObject } from 'ajv';
import type { Static, TSchema } from 'typebox';
import type { ErrorCode } from '../../errors/catalogue.ts';
import { GridError } from '../../errors/grid-error.ts';
import { compiled, isCompiled } from './compiled.ts';
import { hasAtMost } from './has-at-most.ts';
import { type Branch, type Problem, problemOf } from './problem.ts';
import { isGoodByWalk, isUsedOften } from './walk.ts';

const SHOWN_PROBLEMS = 10;
const MESSAGE_PROBLEMS = 3;
/** For documents with more values only the first problem is reported: a list of all could outgrow memory. */
const FULL_REPORT_VALUES = 2_000;
const CONSIDERED_ERRORS = 1_000;

/** How a violation is told. */
export interface Telling {
  /** Not at all, so that nothing takes long: `validate` throws Untold, and whoever catches it has it told elsewhere. */
  readonly untold?: true;
}

/** The value may violate its schema: whether it does, and where, is yet to be found out. */
export class Untold extends Error {
  override readonly name = 'Untold';
}

export interface ValidateOptions extends Telling {
  /** Code of the error that is thrown; REQUEST_INVALID when left out. */
  readonly code?: ErrorCode;
  /** The name of the value at the beginning of the message, such as `create request`. */
  readonly subject?: string;
}

/**
 * Returns the value when it follows the schema. Throws GridError (REQUEST_INVALID, or the given code) whose message
 * names each field with its value and the limit, and whose details list them as `problems`. With `untold` it throws
 * Untold instead.
 */
export function validate<T extends TSchema>(schema: T, value: unknown, options: ValidateOptions = {}): Static<T> {
  if (options.untold) {
    if (isGoodAtOnce(schema, value)) return value;
    throw new Untold();
  }
  if (follows(schema, value)) return value;
  const problems = problemsOf(schema, value);
  throw new GridError(options.code ?? 'REQUEST_INVALID', message(problems, options.subject), {
    problems: problems.slice(0, SHOWN_PROBLEMS),
  });
}

/** Whether a value follows the schema. */
export function follows<T extends TSchema>(schema: T, value: unknown): value is Static<T> {
  return isGoodByWalk(schema, value) || compiled(schema, 'none')(value);
}

/** Whether a value is found to follow the schema without compiling one that is rarely used. */
const isGoodAtOnce = <T extends TSchema>(schema: T, value: unknown): value is Static<T> =>
  isGoodByWalk(schema, value) || ((isCompiled(schema) || isUsedOften(schema)) && compiled(schema, 'none')(value));

function message(problems: readonly Problem[], subject: string | undefined): string {
  const told = problems.slice(0, MESSAGE_PROBLEMS).map((problem) => problem.message);
  const more = problems.length > told.length ? [`and ${problems.length - told.length} more`] : [];
  return `${subject === undefined ? '' : `${subject}: `}${[...told, ...more].join('; ')}`;
}

function problemsOf(schema: TSchema, value: unknown): readonly Problem[] {
  const check = compiled(schema, hasAtMost(value, FULL_REPORT_VALUES) ? 'all' : 'first');
  check(value);
  const errors = (check.errors ?? []).slice(0, CONSIDERED_ERRORS);
  return withoutBranchNoise(errors).map((error) => problemOf(error, value));
}

/** For a union, keeps the errors of the branch that `kind` selects; without a `kind`, the union's own error. */
function withoutBranchNoise(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const dropped = new Set<ErrorObject>();
  for (const union of errors) {
    if (union.keyword !== 'anyOf') continue;
    const chosen = chosenBranch(union);
    if (chosen !== -1) dropped.add(union);
    for (const error of errors) {
      if (isInside(error, union) && !error.schemaPath.startsWith(`${union.schemaPath}/${chosen}/`)) dropped.add(error);
    }
  }
  return errors.filter((error) => !dropped.has(error));
}

function chosenBranch({ schema, data }: ErrorObject): number {
  const kind: unknown = typeof data === 'object' && data !== null && 'kind' in data ? data.kind : undefined;
  if (kind === undefined) return -1;
  return (schema as readonly Branch[]).findIndex((branch) => branch.properties?.kind?.const === kind);
}

function isInside(error: ErrorObject, union: ErrorObject): boolean {
  if (!error.schemaPath.startsWith(`${union.schemaPath}/`)) return false;
  return error.instancePath === union.instancePath || error.instancePath.startsWith(`${union.instancePath}/`);
}
