/** Reads JSON from strangers: within limits, no key twice, and no text that other programs cannot carry. */
import type { GridError } from '../errors/grid-error.ts';
import { requestInvalid } from '../errors/request-invalid.ts';
import { pathOf } from '../schema/validation/field-path.ts';
import { shortName, show, showCharacter } from '../schema/validation/show.ts';
import { type JsonKey, JsonOutline } from './json-outline.ts';
import { decodeUtf8, parseJson } from './json-text.ts';
import { placeAt } from './text-place.ts';

/**
 * Parses a JSON request, as text or as bytes in UTF-8 with or without a byte order mark.
 * @throws GridError BODY_TOO_LARGE for too many values; REQUEST_MALFORMED, with line and column, when the text is no
 * JSON; REQUEST_INVALID for a key that is given twice, values that are nested too deeply, and texts with U+0000 or half
 * a surrogate pair
 */
export function parseJsonDocument(document: string | Uint8Array): unknown {
  const text = typeof document === 'string' ? document.replace(/^\uFEFF/, '') : decodeUtf8(document);
  const { repeated } = new JsonOutline(text);
  const value = parseJson(text);
  if (repeated !== undefined) throw givenTwice(text, repeated);
  requireText(value, []);
  return value;
}

function requireText(value: unknown, path: readonly string[]): void {
  if (typeof value === 'string') requireTextAt(value, path);
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    requireTextAt(name, path);
    requireText(member, [...path, name]);
  }
}

/** Many programs end texts at U+0000, and half a surrogate pair has no form in UTF-8. */
function requireTextAt(text: string, path: readonly string[]): void {
  const found = text.search(/\0|\p{Surrogate}/u);
  if (found === -1) return;
  const field = pathOf(path);
  const what = `${showCharacter(text, found)} as character ${found + 1}, which no text may have; a file may, in base64`;
  throw requestInvalid(field, `${field === '' ? 'the document' : field} has ${what}`);
}

function givenTwice(text: string, { name, offset }: JsonKey): GridError {
  const { line, column } = placeAt(text, offset);
  const message = `the key ${show(name)} is given twice, again at line ${line}, column ${column}`;
  return requestInvalid(shortName(name), message);
}
