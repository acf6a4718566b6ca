/** Writes a number for a ClassAd, where a leading zero would make it octal. */
export const numberText = (text: string): string => text.replace(/^0+(?=\d)/, '');
