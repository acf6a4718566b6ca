import { GridError } from '../errors/grid-error.ts';
import { requestInvalid } from '../errors/request-invalid.ts';
import { REQUEST_LIMITS } from '../limits.ts';

/** What begins and ends a piece of a document that holds no elements, whatever it looks like. */
const OPAQUE = [
  ['<!--', '-->'],
  ['<![CDATA[', ']]>'],
  ['<?', '?>'],
  ['<!', '>'],
] as const;

/**
 * Looks over an XML request before a tree is made of it, which takes a hundred times as much. Of a document that is not
 * well-formed it may find anything: the parser refuses that.
 * @throws GridError BODY_TOO_LARGE for too many elements or attributes, REQUEST_INVALID for elements nested too deep
 */
export function requireXmlWithinLimits(text: string): void {
  const { xmlElements, xmlAttributes, xmlDepth } = REQUEST_LIMITS;
  let [elements, attributes, depth] = [0, 0, 0];
  let at = text.indexOf('<');
  while (at !== -1) {
    const opaque = OPAQUE.find(([begin]) => text.startsWith(begin, at));
    elements += text[at + 1] === '/' ? 0 : 1;
    if (opaque) at = after(text, opaque[1], at + opaque[0].length);
    else if (text[at + 1] === '/') {
      depth -= 1;
      at = after(text, '>', at);
    } else {
      const tag = readTag(text, at, xmlAttributes - attributes);
      attributes += tag.attributes;
      at = tag.end;
      if (!tag.isEmpty) depth += 1;
    }
    if (elements > xmlElements) throw tooMany('elements, comments and sections', xmlElements);
    if (attributes > xmlAttributes) throw tooMany('attributes', xmlAttributes);
    if (depth > xmlDepth) throw tooDeep(xmlDepth);
    at = text.indexOf('<', at);
  }
}

interface Tag {
  readonly attributes: number;
  /** Whether it is an element by itself, as `<list/>` is. */
  readonly isEmpty: boolean;
  readonly end: number;
}

/** The tag that begins at `from`; no further than one attribute more than `most`. */
function readTag(text: string, from: number, most: number): Tag {
  let attributes = 0;
  let at = from + 1;
  for (; at < text.length && text[at] !== '>' && attributes <= most; at += 1) {
    const character = text[at]!;
    if (character !== '"' && character !== "'") continue;
    attributes += 1;
    at = after(text, character, at + 1) - 1;
  }
  return { attributes, isEmpty: text[at - 1] === '/', end: at + 1 };
}

/** The place behind the next such piece; the end of the text when there is none. */
function after(text: string, piece: string, from: number): number {
  const found = text.indexOf(piece, from);
  return found === -1 ? text.length : found + piece.length;
}

function tooMany(what: string, limit: number): GridError {
  return new GridError('BODY_TOO_LARGE', `the document has more than ${limit} ${what}`, { what, limit });
}

/** Of elements that are nested too deep. */
export const tooDeep = (limit: number, options?: { readonly cause: unknown }): GridError =>
  requestInvalid('', `elements are nested more than ${limit} deep`, options);
