/** Reads and writes fields of replies that are elements with text. */
import { parseJson } from '../decode/json-text.ts';
import type { XmlElement } from './element.ts';
import { type OpenElement, textOf } from './open-element.ts';
import { textElement } from './write.ts';

/** Returns an object with the text of a child under the child's name; an empty object when there is no such child. */
export function textMember(open: OpenElement, name: string): object {
  const child = open.one(name);
  return child === undefined ? {} : { [name]: textOf(child, `${open.path}/${name}`) };
}

/** Returns an object with the value read from a child; an empty object when there is no such child. */
export function member(open: OpenElement, name: string, read: (child: XmlElement, path: string) => unknown): object {
  const child = open.one(name);
  return child === undefined ? {} : { [name]: read(child, `${open.path}/${name}`) };
}

/** Reads every child with a name. */
export function members<T>(
  open: OpenElement,
  name: string,
  read: (child: XmlElement, path: string) => T,
): readonly T[] {
  return open.many(name).map((child, index) => read(child, `${open.path}/${name}[${index + 1}]`));
}

/** Writes a value of no fixed shape as JSON text; U+FFFE and U+FFFF, which XML cannot carry, become JSON escapes. */
export function jsonElement(name: string, value: unknown): XmlElement {
  const text = JSON.stringify(value ?? null).replace(/[\ufffe\uffff]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16)}`;
  });
  return textElement(name, text);
}

export const readJson = (element: XmlElement, path: string): unknown => parseJson(textOf(element, path));
