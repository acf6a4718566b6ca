/** Reads lists of a shop, which come in pages. */
import type { Static, TSchema } from 'typebox';
import type { ClientCallOptions, HttpExchange } from './http-exchange.ts';
import { type QueryWords, queryOf } from './query-of.ts';

/** The address of a list, and the field of its replies that holds the items. */
interface Listing<T extends TSchema> {
  readonly path: string;
  readonly member: string;
  readonly reply: T;
}

interface ListOptions {
  /** Query parameters of the address. */
  readonly wanted?: QueryWords;
  readonly options?: ClientCallOptions | undefined;
}

type Page = { readonly next?: string } & Readonly<Record<string, readonly unknown[]>>;

/** Reads the page that `limit` or `cursor` asks for; without either, the whole list. Throws as `HttpExchange.json`. */
export async function listPages<T extends TSchema>(
  http: HttpExchange,
  { path, member, reply }: Listing<T>,
  { wanted = {}, options }: ListOptions,
): Promise<Static<T>> {
  const page = (cursor = wanted.cursor): Promise<Page> => {
    const query = queryOf({ ...wanted, cursor });
    return http.json({ method: 'GET', path: `${path}${query}` }, reply, options) as Promise<Page>;
  };
  const first = await page();
  if (wanted.limit !== undefined || wanted.cursor !== undefined) return first as Static<T>;
  const { next: second, ...whole } = first;
  const items = [...first[member]!];
  for (let next = second; next !== undefined; ) {
    const later = await page(next);
    items.push(...later[member]!);
    next = later.next;
  }
  return { ...whole, [member]: items } as Static<T>;
}
