/** Folds A to Z only, as C's strcasecmp does in HTCondor: attribute names and `==` on strings compare this way. */
export function foldCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

export function upperCase(text: string): string {
  return text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
}
