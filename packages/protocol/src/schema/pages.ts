/** Lists in pages: the items of a page, and where the next page begins. */
import { type Static, Type } from 'typebox';
import { requestInvalid } from '../errors/request-invalid.ts';

/** Most items of a page, and the number when the client does not give one. */
export const PAGE_ITEMS = 1_000;

/** Fields of a request for a list. */
export const PAGE_FIELDS = {
  /** Items of the page. */
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: PAGE_ITEMS })),
  /** The `next` of the page before. */
  cursor: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_-]{1,512}$' })),
};
export const PageQuery = Type.Object(PAGE_FIELDS, { additionalProperties: false });
export type PageQuery = Static<typeof PageQuery>;

/** Field of a reply with a list: the cursor of the next page; left out on the last page. */
export const Next = PAGE_FIELDS.cursor;

export interface Page<T> {
  readonly items: T[];
  readonly next?: string;
}

/**
 * Returns one page of a list in the order of its keys, which are unique. An item that comes or goes between two pages
 * may be missed, or is listed as it is then. Every other item is listed exactly once. @throws GridError REQUEST_INVALID
 * for an invalid cursor
 */
export function pageOf<T>(
  all: readonly T[],
  { limit = PAGE_ITEMS, cursor }: PageQuery,
  keyOf: (item: T, place: number) => string,
): Page<T> {
  const after = cursor === undefined ? undefined : keyAt(cursor);
  const keyed = all
    .map((item, place) => ({ item, key: keyOf(item, place) }))
    .filter(({ key }) => after === undefined || key > after);
  keyed.sort((a, b) => (a.key < b.key ? -1 : 1));
  const page = keyed.slice(0, limit);
  const items = page.map(({ item }) => item);
  return keyed.length > limit ? { items, next: cursorAt(page.at(-1)!.key) } : { items };
}

/** Returns the cursor of the page that begins behind this key. */
export const cursorAt = (key: string): string => Buffer.from(key).toString('base64url');

/** @throws GridError REQUEST_INVALID */
export function keyAt(cursor: string): string {
  const key = Buffer.from(cursor, 'base64url').toString();
  if (cursorAt(key) === cursor) return key;
  throw requestInvalid('cursor', 'the cursor is not the `next` of any page');
}
