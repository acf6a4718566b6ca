/** A number as a ClassAd spells it: there a leading zero would make it octal. */
export const numberText = (text: string): string => text.replace(/^0+(?=\d)/, '');
