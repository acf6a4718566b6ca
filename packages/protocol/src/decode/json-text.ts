import { partitionPoint } from '@vmgrid/dag';
import { GridError } from '../errors/grid-error.ts';
import { placeAt } from './text-place.ts';

/** In longer texts a stray token is reported without its place: finding it parses the text some twenty times. */
const PLACED_CHARS = 1_048_576;

/**
 * Parses a JSON text (RFC 8259, UTF-8). Throws GridError REQUEST_MALFORMED with line and column. The message quotes
 * nothing of the text, which may hold secrets.
 */
export function parseJson(text: string | Uint8Array): unknown {
  const decoded = typeof text === 'string' ? text : decodeUtf8(text);
  try {
    return JSON.parse(decoded);
  } catch (thrown) {
    throw malformed(decoded, (thrown as SyntaxError).message);
  }
}

function malformed(text: string, problem: string): GridError {
  const offset = problemOffset(text, problem);
  if (offset === undefined) return new GridError('REQUEST_MALFORMED', 'the JSON is not well-formed');
  const place = placeAt(text, offset);
  const message = `the JSON is not well-formed at line ${place.line}, column ${place.column}`;
  return new GridError('REQUEST_MALFORMED', message, { ...place });
}

/** Decodes UTF-8, without a byte order mark. Throws GridError REQUEST_MALFORMED for other bytes. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new GridError('REQUEST_MALFORMED', 'the document is not UTF-8 text', {}, { cause });
  }
}

function jsonProblem(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (thrown) {
    return (thrown as SyntaxError).message;
  }
}

/** V8 gives the position of every problem except two: the end of the text, and a token that cannot start a value. */
function problemOffset(text: string, problem: string): number | undefined {
  const told = /at position (\d+)/.exec(problem)?.[1];
  if (told !== undefined) return Number(told);
  if (!problem.startsWith('Unexpected token')) return text.length;
  return text.length > PLACED_CHARS ? undefined : strayTokenOffset(text);
}

/** Bisects for the shortest beginning of the text that already contains the stray token. */
function strayTokenOffset(text: string): number {
  const isWithout = (length: number) => !jsonProblem(text.slice(0, length))?.startsWith('Unexpected token');
  return partitionPoint(1, text.length, isWithout) - 1;
}
