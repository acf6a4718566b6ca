/** Checks query parameters: the route must know each of them, and each may come only once. */
import { type GridError, requestInvalid } from '@vmgrid/protocol';
import type { Request } from 'express';

/** Up to this many edits a name counts as a misspelling of a known one. */
const MEANT_WITHIN = 2;
const NAME_SHOWN = 64;

/** The parts of a request that hold its query. */
export type Queried = Pick<Request, 'query' | 'url'>;

/**
 * @throws GridError REQUEST_INVALID for a parameter that is unknown, comes twice, or is no text; REQUEST_MALFORMED when
 * it is no UTF-8
 */
export function requireKnownQuery({ query, url }: Queried, known: readonly string[]): void {
  decodeURIComponent(url.slice(url.indexOf('?') + 1)); // what is no UTF-8 would be replaced
  for (const [name, value] of Object.entries(query)) {
    if (!known.includes(name)) throw invalid(name, `is not known${adviceFor(name, known)}`);
    if (typeof value !== 'string') throw invalid(name, 'may come once');
    if (value.includes('\0')) throw invalid(name, `has U+0000 as character ${value.indexOf('\0') + 1}`);
  }
}

/** Returns the value of a parameter that the route knows. */
export const singleQuery = (request: Request, name: string): string | undefined =>
  request.query[name] as string | undefined;

/** Returns the number that a parameter is. @throws GridError REQUEST_INVALID for anything but digits */
export function numberQuery(request: Request, name: string): number | undefined {
  const text = singleQuery(request, name);
  if (text === undefined) return undefined;
  if (/^-?\d+$/.test(text)) return Number(text);
  throw wrongValue(name, text, 'a whole number in digits');
}

/** Returns what a parameter says, `true` or `false`. @throws GridError REQUEST_INVALID for anything else */
export function booleanQuery(request: Request, name: string): boolean | undefined {
  const text = singleQuery(request, name);
  if (text === undefined) return undefined;
  if (text === 'true' || text === 'false') return text === 'true';
  throw wrongValue(name, text, 'true or false');
}

const wrongValue = (name: string, text: string, wanted: string): GridError =>
  invalid(name, `is ${JSON.stringify(text.slice(0, NAME_SHOWN))}, but must be ${wanted}`);

function invalid(name: string, problem: string): GridError {
  const shown = name.slice(0, NAME_SHOWN);
  return requestInvalid(shown, `the query parameter ${JSON.stringify(shown)} ${problem}`);
}

function adviceFor(name: string, known: readonly string[]): string {
  if (known.length === 0) return '; this address takes none';
  const meant = known.find(
    (one) => distance(name.slice(0, NAME_SHOWN).toLowerCase(), one.toLowerCase()) <= MEANT_WITHIN,
  );
  return meant === undefined ? `; known are ${known.join(', ')}` : `; did you mean ${meant}?`;
}

/** Counts the characters to insert, remove or change (Levenshtein distance). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1];
    for (let column = 1; column <= to.length; column += 1) {
      const change = row[column - 1]! + (letter === to[column - 1] ? 0 : 1);
      next.push(Math.min(change, row[column]! + 1, next[column - 1]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}
