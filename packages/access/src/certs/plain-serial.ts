/** A serial number as programs write it differently: with colons, capitals, zeros before it. */
export const plainSerial = (text: string): string =>
  text
    .replaceAll(':', '')
    .toLowerCase()
    .replace(/^0+(?=.)/, '');
