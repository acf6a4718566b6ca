/**
 * One place where a document violates its schema, described so that its author can correct it without reading the
 * schema.
 */
import type { ErrorObject } from 'ajv';
import { at, isHidden, pathOf, pointerNames } from './field-path.ts';
import { shortName, show } from './show.ts';

export interface Problem {
  /** The field, such as `dag.actions[3].script`; empty for the document itself. */
  readonly path: string;
  /** The field, its value and the allowed values; never the text of a secret action. */
  readonly message: string;
}

/** Turns an error of ajv into a sentence. `root` is the whole document. */
export function problemOf(error: ErrorObject, root: unknown): Problem {
  const names = pointerNames(error.instancePath);
  const path = pathOf(names);
  const subject = path === '' ? 'the document' : path;
  const actual = isHidden(root, names) ? hiddenSize(at(root, names)) : show(error.data);
  return { path: fieldAtFault(path, error), message: sentence(subject, actual, error) };
}

function hiddenSize(value: unknown): string {
  return typeof value === 'string' ? `a text of ${value.length} characters` : 'not shown';
}

function fieldAtFault(path: string, { keyword, params }: ErrorObject): string {
  const name = keyword === 'required' ? params.missingProperty : params.additionalProperty;
  if (typeof name !== 'string') return path;
  return path === '' ? shortName(name) : `${path}.${shortName(name)}`;
}

function sentence(
  subject: string,
  actual: string,
  { keyword, params, data, parentSchema, schema }: ErrorObject,
): string {
  const within = subject === 'the document' ? '' : ` in ${subject}`;
  switch (keyword) {
    case 'required':
      return `${subject === 'the document' ? '' : `${subject}.`}${params.missingProperty} is missing`;
    case 'additionalProperties':
      return `${show(params.additionalProperty)} is not known${within}${knownNames(parentSchema)}`;
    case 'type':
      return `${subject} is ${actual}, not of type ${params.type}`;
    case 'minimum':
    case 'maximum':
      return `${subject} is ${actual}, but must be ${params.comparison} ${params.limit}`;
    case 'minLength':
    case 'maxLength':
      return `${subject} has ${String(data).length} characters, but must have ${bound(keyword)} ${params.limit}${wayOut(subject, keyword)}`;
    case 'minItems':
    case 'maxItems':
      return `${subject} has ${(data as unknown[]).length} items, but must have ${bound(keyword)} ${params.limit}`;
    case 'maxProperties':
      return `${subject} has ${Object.keys(data as object).length} members, but must have at most ${params.limit}`;
    case 'const':
      return `${subject} is ${actual}, but must be ${show(params.allowedValue)}`;
    case 'pattern':
      return `${subject} is ${actual}, but must match ${params.pattern}`;
    case 'format':
      return `${subject} is ${actual}, but must be a ${params.format}`;
    case 'anyOf':
      return choice({ subject, actual, data }, schema as readonly Branch[]);
    default:
      return `${subject} does not follow its schema (${keyword})`;
  }
}

/** The advice for a long file. */
const wayOut = (subject: string, keyword: string): string =>
  keyword === 'maxLength' && subject.endsWith('.content')
    ? ': upload it (`vmgrid files put`), and name its contentDigest instead'
    : '';

const bound = (keyword: string): string => (keyword.startsWith('min') ? 'at least' : 'at most');

function knownNames(parentSchema: unknown): string {
  const { properties } = parentSchema as { properties?: object };
  return properties === undefined ? '' : `; known are ${Object.keys(properties).join(', ')}`;
}

/** A branch of a union: a literal, or an object that its `kind` identifies. */
export interface Branch {
  readonly const?: unknown;
  readonly properties?: { readonly kind?: { readonly const?: unknown } };
}

interface Chosen {
  readonly subject: string;
  /** The data as they are shown. */
  readonly actual: string;
  readonly data: unknown;
}

function choice({ subject, actual, data }: Chosen, branches: readonly Branch[]): string {
  const literals = branches.flatMap((branch) => (branch.const === undefined ? [] : [show(branch.const)]));
  if (literals.length === branches.length) return `${subject} is ${actual}, but must be one of ${literals.join(', ')}`;
  if (typeof data !== 'object' || data === null) return `${subject} is ${actual}, not of type object`;
  const kinds = branches.flatMap((branch) => branch.properties?.kind?.const ?? []);
  const kind = 'kind' in data ? show(data.kind) : 'missing';
  return `${subject}.kind is ${kind}, but must be one of ${kinds.map(show).join(', ')}`;
}
