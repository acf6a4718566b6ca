/** Brings a serial number to one form: programs write it with colons, capitals or leading zeros. */
export const plainSerial = (text: string): string =>
  text
    .replaceAll(':', '')
    .toLowerCase()
    .replace(/^0+(?=.)/, '');
