import { GridError } from '../errors/grid-error.ts';
import { requestInvalid } from '../errors/request-invalid.ts';
import { REQUEST_LIMITS } from '../limits.ts';

/** Begin and end of the pieces of a document that hold no elements, whatever their text looks like. */
const OPAQUE = [
  ['<!--', '-->'],
  ['<![CDATA[', ']]>'],
  ['<?', '?>'],
  ['<!', '>'],
] as const;

/**
 * Scans an XML request before it is parsed into a tree, which takes a hundred times as long. For a document that is not
 * well-formed the result means nothing: the parser refuses it.
 * @throws GridError BODY_TOO_LARGE for too many elements or attributes, REQUEST_INVALID for elements that are nested
 * too deeply
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
  /** Whether the element has no content, as in `<list/>`. */
  readonly isEmpty: boolean;
  readonly end: number;
}

/** Reads the tag that begins at `from`; stops one attribute after `most`. */
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

/** Returns the offset behind the next occurrence of the piece; the end of the text when there is none. */
function after(text: string, piece: string, from: number): number {
  const found = text.indexOf(piece, from);
  return found === -1 ? text.length : found + piece.length;
}

function tooMany(what: string, limit: number): GridError {
  return new GridError('BODY_TOO_LARGE', `the document has more than ${limit} ${what}`, { what, limit });
}

/** Makes the error for elements that are nested too deeply. */
export const tooDeep = (limit: number, options?: { readonly cause: unknown }): GridError =>
  requestInvalid('', `elements are nested more than ${limit} deep`, options);
