/**
 * Scans a JSON text before it is parsed: counts its values, measures its depth, and finds keys that are given twice.
 */
import { GridError } from '../errors/grid-error.ts';
import { requestInvalid } from '../errors/request-invalid.ts';
import { REQUEST_LIMITS } from '../limits.ts';

export interface JsonKey {
  readonly name: string;
  /** Offset of the key's first quote, in UTF-16 units. */
  readonly offset: number;
}

const COLON = /\s*:/y;

export class JsonOutline {
  /** The first key that its object already has. */
  repeated: JsonKey | undefined;
  /** Keys of the objects, and entries for the lists, that enclose the current place. */
  readonly #keys: Set<string>[] = [];
  #values = 1;

  /**
   * @throws GridError BODY_TOO_LARGE, REQUEST_INVALID past a limit. For text that is no JSON the result means nothing.
   */
  constructor(text: string) {
    for (let at = 0; at < text.length; at += 1) {
      switch (text[at]) {
        case '"':
          at = this.#string(text, at) - 1;
          break;
        case '[':
        case '{':
          this.#enter();
          break;
        case ']':
        case '}':
          this.#keys.pop();
          break;
        case ',':
          this.#count();
      }
    }
  }

  #count(): void {
    const { jsonValues: limit } = REQUEST_LIMITS;
    this.#values += 1;
    if (this.#values <= limit) return;
    throw new GridError('BODY_TOO_LARGE', `the document has more than ${limit} values`, { what: 'values', limit });
  }

  #enter(): void {
    const { jsonDepth } = REQUEST_LIMITS;
    this.#count();
    this.#keys.push(new Set());
    if (this.#keys.length <= jsonDepth) return;
    throw requestInvalid('', `lists and objects are nested more than ${jsonDepth} deep`);
  }

  /** Returns the offset behind the string. */
  #string(text: string, offset: number): number {
    const end = endOfString(text, offset);
    const keys = this.#keys.at(-1);
    COLON.lastIndex = end;
    if (keys === undefined || !COLON.test(text)) return end;
    const name = unescaped(text.slice(offset, end));
    if (keys.has(name)) this.repeated ??= { name, offset };
    keys.add(name);
    return end;
  }
}

/** Returns the offset behind the closing quote of a string; the end of the text when there is none. */
function endOfString(text: string, begin: number): number {
  for (let quote = text.indexOf('"', begin + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let slashes = 0;
    while (text[quote - 1 - slashes] === '\\') slashes += 1;
    if (slashes % 2 === 0) return quote + 1;
  }
  return text.length;
}

function unescaped(literal: string): string {
  try {
    return JSON.parse(literal);
  } catch {
    return literal; // the document is malformed, which its parser tells
  }
}
