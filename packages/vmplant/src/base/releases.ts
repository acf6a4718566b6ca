/** Operating systems a base image can be built of, and the Debian suite of each. */
export const RELEASES = {
  'debian-12': 'bookworm',
  'debian-13': 'trixie',
} as const;

export type BaseOs = keyof typeof RELEASES;

export const isBaseOs = (os: string): os is BaseOs => Object.hasOwn(RELEASES, os);
