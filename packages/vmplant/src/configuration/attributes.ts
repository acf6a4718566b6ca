/**
 * Attributes that actions told: name to ClassAd expression, the first told first. Names differ by more than their
 * case.
 */
export type Attributes = Readonly<Record<string, string>>;

/**
 * All of them as if told one after the other: a later one has the place of an earlier one of its name, and its own
 * spelling.
 */
export function mergeAttributes(...told: readonly (Attributes | undefined)[]): Attributes {
  const merged = new Map<string, readonly [string, string]>();
  for (const attributes of told) {
    for (const entry of Object.entries(attributes ?? {})) merged.set(entry[0].toLowerCase(), entry);
  }
  return Object.fromEntries(merged.values());
}
