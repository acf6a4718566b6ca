const SHOWN_CHARS = 60;
const NAME_CHARS = 64;

/** A value as an error message may carry it: short, and containers only by their size. */
export function show(value: unknown): string {
  if (typeof value === 'string') {
    const start = JSON.stringify(value.slice(0, SHOWN_CHARS));
    return value.length <= SHOWN_CHARS ? start : `${start}… (${value.length} characters)`;
  }
  if (Array.isArray(value)) return `a list of ${value.length} items`;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

/** As much of a name that a stranger gave as may stand in the path of a problem. */
export const shortName = (name: string): string => name.slice(0, NAME_CHARS);

/** A character that cannot be shown as it is, such as U+0000, by its code. */
export const showCharacter = (text: string, at: number): string =>
  `U+${text.charCodeAt(at).toString(16).toUpperCase().padStart(4, '0')}`;
