/**
 * Attributes that actions set: names and ClassAd expressions, in the order in which they were set. No two names are
 * equal except for case.
 */
export type Attributes = Readonly<Record<string, string>>;

/**
 * Merges attributes as if they were set one after another: a later one takes the place of an earlier one with the same
 * name, and has its own spelling.
 */
export function mergeAttributes(...told: readonly (Attributes | undefined)[]): Attributes {
  const merged = new Map<string, readonly [string, string]>();
  for (const attributes of told) {
    for (const entry of Object.entries(attributes ?? {})) merged.set(entry[0].toLowerCase(), entry);
  }
  return Object.fromEntries(merged.values());
}
