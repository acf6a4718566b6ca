import type { GridError } from '../errors/grid-error.ts';
import { requestInvalid } from '../errors/request-invalid.ts';
import { show } from '../schema/validation/show.ts';
import type { XmlElement } from './element.ts';

/** Converts an attribute's text to its JSON value. Text that is no such value stays text, and the schema refuses it. */
export type Convert = (text: string) => unknown;

export const asText: Convert = (text) => text;
export const asNumber: Convert = (text) =>
  /^\s*[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : text;
export const asBoolean: Convert = (text) => BOOLEANS.get(text.trim()) ?? text;

/** A list of XML Schema: items without blanks, separated by blanks. */
export const asList: Convert = (text) => text.trim().split(/\s+/);

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

/** The content that an element may have. */
export interface Shape {
  readonly attributes?: Readonly<Record<string, Convert>>;
  readonly children?: Readonly<Record<string, 'one' | 'many'>>;
  /** Whether text other than whitespace may stand directly inside. */
  readonly text?: boolean;
}

/** An element whose shape has been checked. */
export interface OpenElement {
  readonly path: string;
  /** The attributes that are there, converted. */
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly text: string;
  one(name: string): XmlElement | undefined;
  many(name: string): readonly XmlElement[];
}

/** Throws GridError REQUEST_INVALID, naming it, for any attribute, child or text that the shape does not allow. */
export function openElement(element: XmlElement, path: string, shape: Shape): OpenElement {
  const attributes = Object.entries(element.attributes).map(([name, text]) => {
    const convert = own(shape.attributes, name);
    if (convert === undefined) throw invalid(path, unknown('attribute', name, shape.attributes));
    return [name, convert(text)] as const;
  });
  const count = new Map<string, number>();
  for (const { name } of element.children) {
    const allowed = own(shape.children, name);
    if (allowed === undefined) throw invalid(path, unknown('element', name, shape.children));
    if (allowed === 'one' && count.has(name)) throw invalid(path, `has more than one <${name}>`);
    count.set(name, 1);
  }
  if (shape.text !== true && element.text.trim() !== '') throw invalid(path, 'has text where only elements may stand');
  return {
    path,
    attributes: Object.fromEntries(attributes),
    text: element.text,
    one: (name) => element.children.find((child) => child.name === name),
    many: (name) => element.children.filter((child) => child.name === name),
  };
}

/** The text of an element that has neither attributes nor elements. */
export function textOf(element: XmlElement, path: string): string {
  return openElement(element, path, { text: true }).text;
}

/** `path` is the path of the element, such as `create/dag/action[3]`. */
export function invalid(path: string, problem: string): GridError {
  return requestInvalid(path, `${path} ${problem}`);
}

function own<T>(record: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}

function unknown(what: string, name: string, known: object = {}): string {
  const names = Object.keys(known);
  return `has the unknown ${what} ${show(name)}; ${names.length === 0 ? 'it has none' : `known are ${names.join(', ')}`}`;
}
