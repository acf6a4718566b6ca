/**
 * XML as a tree of elements, without comments, processing instructions and anything else outside elements and
 * attributes.
 */
import { EntityDecoder } from '@nodable/entities';
import XMLBuilder from 'fast-xml-builder';
import { XMLParser } from 'fast-xml-parser';
import type { GridError } from '../errors/grid-error.ts';
import { requestInvalid } from '../errors/request-invalid.ts';
import { showCharacter } from '../schema/validation/show.ts';
import { requireWellFormed } from './well-formed.ts';
import { tooDeep } from './within-limits.ts';

export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** All text directly inside: CDATA included, references resolved, whitespace kept. */
  readonly text: string;
}

/**
 * One node of fast-xml-parser in `preserveOrder` form: the key with its name holds the children, `:@` the attributes.
 */
type OrderedNode = { [name: string]: OrderedNode[] } & { ':@'?: Record<string, string>; '#text'?: string };

const DEPTH_EXCEEDED = 'Maximum nested tags exceeded';

/**
 * Parses a document and returns its root element. Throws GridError XML_FORBIDDEN, REQUEST_MALFORMED with line and
 * column, or REQUEST_INVALID for elements nested deeper than `maxDepth`.
 */
export function parseXml(text: string, maxDepth: number): XmlElement {
  requireWellFormed(text);
  const parser = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: '',
    parseTagValue: false,
    parseAttributeValue: false,
    trimValues: false,
    ignoreDeclaration: true,
    ignorePiTags: true,
    entityDecoder: new EntityDecoder({ numericAllowed: true }),
    maxNestedTags: maxDepth - 1,
  });
  try {
    return elementOf((parser.parse(text) as OrderedNode[])[0] as OrderedNode);
  } catch (cause) {
    throw refused(cause as Error, maxDepth);
  }
}

/**
 * The document is well-formed, so fast-xml-parser refuses it for its depth, or for a name with a special meaning in
 * JavaScript objects.
 */
function refused(cause: Error, maxDepth: number): GridError {
  if (cause.message === DEPTH_EXCEEDED) return tooDeep(maxDepth, { cause });
  return requestInvalid('', 'an element or attribute has a name that is not known, such as constructor', { cause });
}

function elementOf(node: OrderedNode): XmlElement {
  const name = Object.keys(node).find((key) => key !== ':@') as string;
  const inside = node[name] as OrderedNode[];
  return {
    name,
    attributes: node[':@'] ?? {},
    children: inside.filter((child) => child['#text'] === undefined).map(elementOf),
    text: inside.map((child) => child['#text'] ?? '').join(''),
  };
}

/** How to treat characters that XML 1.0 cannot carry, such as U+0000 and U+001B. */
export type ForbiddenCharacters = 'throw' | 'replace';

/**
 * Writes the document of a root element, one element to a line, with text exactly as it is. Throws GridError
 * REQUEST_INVALID when `forbidden` is `throw`.
 */
export const buildXml = (root: XmlElement, forbidden: ForbiddenCharacters): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n${buildElement(root, '\n', forbidden)}\n`;

/** Writes one element of a document; `indent` is the end of the line before, and the blanks before its tags. */
export function buildElement(element: XmlElement, indent: string, forbidden: ForbiddenCharacters): string {
  const text = (value: string) => escapeText(allowed(value, forbidden));
  const attribute = (value: string) => escapeAttribute(allowed(value, forbidden));
  const ordered = ({ name, attributes, children, text: own }: XmlElement, indent: string): OrderedNode => {
    const isInline = children.length === 1 && children[0]?.children.length === 0;
    const lines = children.flatMap((child) => [
      ...(own === '' && !isInline ? [textNode(`${indent}  `)] : []),
      ordered(child, `${indent}  `),
    ]);
    const last = own === '' && children.length > 0 && !isInline ? [textNode(indent)] : [];
    const escaped = Object.entries(attributes).map(([key, value]) => [key, attribute(value)]);
    const inside = [...(own === '' ? [] : [textNode(text(own))]), ...lines, ...last];
    return { [name]: inside, ':@': Object.fromEntries(escaped) } as OrderedNode;
  };
  return builder().build([ordered(element, indent)]);
}

const textNode = (text: string): OrderedNode => ({ '#text': text }) as OrderedNode;

function builder() {
  return new XMLBuilder({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: '',
    processEntities: false,
    suppressEmptyNode: true,
    suppressBooleanAttributes: false,
    maxNestedTags: 1_024,
    sanitizeName: (name) => {
      throw new Error(`not an XML name: ${name}`);
    },
  });
}

const FORBIDDEN = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu;

function allowed(text: string, forbidden: ForbiddenCharacters): string {
  if (forbidden === 'replace') return text.replace(FORBIDDEN, '\ufffd');
  const found = text.search(FORBIDDEN);
  if (found === -1) return text;
  throw requestInvalid('', `XML cannot carry the character ${showCharacter(text, found)}: send JSON, or a base64 file`);
}

const REFERENCES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
  '\n': '&#10;',
  '\t': '&#9;',
};

/** Parsers turn CR into LF in text, and every line end and tab into a space in attributes (XML 1.0, 2.11 and 3.3.3). */
const escapeText = (text: string): string => text.replace(/[&<>\r]/g, (character) => REFERENCES[character] as string);
const escapeAttribute = (text: string): string =>
  text.replace(/[&<>"\r\n\t]/g, (character) => REFERENCES[character] as string);
