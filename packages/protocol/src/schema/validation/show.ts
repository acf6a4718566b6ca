const SHOWN_CHARS = 60;
const NAME_CHARS = 64;

/** Returns a value as an error message may show it: short, and containers by their size only. */
export function show(value: unknown): string {
  if (typeof value === 'string') {
    const start = JSON.stringify(value.slice(0, SHOWN_CHARS));
    return value.length <= SHOWN_CHARS ? start : `${start}… (${value.length} characters)`;
  }
  if (Array.isArray(value)) return `a list of ${value.length} items`;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

/** Shortens a name from a stranger for the path of a problem. */
export const shortName = (name: string): string => name.slice(0, NAME_CHARS);

/** Shows a character that cannot be printed, such as U+0000, by its code. */
export const showCharacter = (text: string, at: number): string =>
  `U+${text.charCodeAt(at).toString(16).toUpperCase().padStart(4, '0')}`;
