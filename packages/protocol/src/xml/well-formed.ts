import { ParseOption, XmlDocument, XmlParseError } from 'libxml2-wasm';
import { decodeUtf8 } from '../decode/json-text.ts';
import { GridError } from '../errors/grid-error.ts';

const OPTIONS = ParseOption.XML_PARSE_NONET | ParseOption.XML_PARSE_NO_XXE | ParseOption.XML_PARSE_BIG_LINES;

/** A part that may stand before the root element: white space, declaration, comment, processing instruction. */
const PROLOG = /\s+|<\?[\s\S]*?\?>|<!--[\s\S]*?-->/y;
const DECLARED_ENCODING = /^<\?xml\s[^>]*?\sencoding\s*=\s*["']([^"']*)/;

/**
 * Returns the text of a document, without a byte order mark. Throws GridError REQUEST_MALFORMED for bytes that are not
 * UTF-8.
 */
export const xmlText = (document: string | Uint8Array): string =>
  (typeof document === 'string' ? document : decodeUtf8(document)).replace(/^\uFEFF/, '');

/**
 * Throws GridError XML_FORBIDDEN, before anything is parsed, or REQUEST_MALFORMED with line and column, unless the text
 * is a well-formed XML 1.0 document without a DOCTYPE. `<!DOCTYPE` inside CDATA or a comment is text and allowed.
 */
export function requireWellFormed(text: string): void {
  const root = prologEnd(text);
  if (/^<!(?:DOCTYPE|ENTITY)/i.test(text.slice(root, root + 9))) throw forbidden();
  requireUtf8(text);
  parseOnce(text);
}

function prologEnd(text: string): number {
  let end = 0;
  PROLOG.lastIndex = end;
  while (PROLOG.test(text)) end = PROLOG.lastIndex;
  return end;
}

function forbidden(): GridError {
  return new GridError('XML_FORBIDDEN', 'the XML has a DOCTYPE, which may define entities: send it without');
}

function requireUtf8(text: string): void {
  const encoding = DECLARED_ENCODING.exec(text)?.[1];
  if (encoding === undefined || /^(?:utf-8|us-ascii)$/i.test(encoding)) return;
  throw new GridError('REQUEST_MALFORMED', `the XML declares the encoding ${encoding.slice(0, 40)}, but must be UTF-8`);
}

function parseOnce(text: string): void {
  let document: XmlDocument | undefined;
  try {
    document = XmlDocument.fromString(text, { option: OPTIONS });
    if (document.dtd !== null) throw forbidden();
  } catch (thrown) {
    throw thrown instanceof XmlParseError ? malformed(thrown) : thrown;
  } finally {
    document?.dispose();
  }
}

/** Uses only the first line of the parser's message: the next ones quote the document, which may hold secrets. */
function malformed(error: XmlParseError): GridError {
  const detail = error.details.find(({ level }) => level > 1);
  if (detail === undefined) {
    return new GridError('REQUEST_MALFORMED', 'the document is empty', { line: 1, column: 1 }, { cause: error });
  }
  const problem = detail.message.split('\n', 1)[0];
  const message = `the XML is not well-formed at line ${detail.line}, column ${detail.col}: ${problem}`;
  return new GridError('REQUEST_MALFORMED', message, { line: detail.line, column: detail.col }, { cause: error });
}
