/** Builds elements from the fields of messages. */
import type { XmlElement } from './element.ts';

type Field = string | number | boolean | undefined;

/** Makes an element; fields that are undefined are left out. */
export function element(
  name: string,
  attributes: Readonly<Record<string, Field>> = {},
  children: readonly XmlElement[] = [],
): XmlElement {
  const present = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, String(value)] as const],
  );
  return { name, attributes: Object.fromEntries(present), children, text: '' };
}

export function textElement(name: string, text: string, attributes: Readonly<Record<string, Field>> = {}): XmlElement {
  return { ...element(name, attributes), text };
}

/** Makes one element with the text, or none when there is no text. */
export function optionalText(name: string, text: string | undefined): readonly XmlElement[] {
  return text === undefined ? [] : [textElement(name, text)];
}
