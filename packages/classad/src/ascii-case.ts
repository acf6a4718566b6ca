/**
 * Nearly all names are printable ASCII. There the engine's own case folding gives the same result, several times as
 * fast.
 */
const PLAIN = /^[ -~]*$/;

/** Folds A to Z only, as C's strcasecmp does in HTCondor: attribute names and `==` on strings compare this way. */
export function foldCase(text: string): string {
  return PLAIN.test(text) ? text.toLowerCase() : text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

export function upperCase(text: string): string {
  return text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
}
