export type QueryWords = Readonly<Record<string, string | number | undefined>>;

/** Returns the query string of an address; empty when no parameter has a value. */
export function queryOf(wanted: QueryWords): string {
  const words = Object.entries(wanted).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return words.length === 0 ? '' : `?${new URLSearchParams(words)}`;
}
