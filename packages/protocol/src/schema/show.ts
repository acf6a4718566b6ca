const SHOWN_CHARS = 60;

/** A value as an error message may carry it: short, and containers only by their size. */
export function show(value: unknown): string {
  if (typeof value === 'string') {
    const start = JSON.stringify(value.slice(0, SHOWN_CHARS));
    return value.length <= SHOWN_CHARS ? start : `${start}… (${value.length} characters)`;
  }
  if (Array.isArray(value)) return `a list of ${value.length} items`;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
