/** Operating systems of which a base image can be built. */
export const RELEASES = {
  'debian-12': { kind: 'debian', suite: 'bookworm' },
  'debian-13': { kind: 'debian', suite: 'trixie' },
  /** busybox, the agent and an ssh server, for tests and demonstrations. Packages cannot be installed. */
  'tiny-1': { kind: 'tiny', suite: 'bookworm' },
} as const;

export type BaseOs = keyof typeof RELEASES;
export type BaseKind = (typeof RELEASES)[BaseOs]['kind'];

export const isBaseOs = (os: string): os is BaseOs => Object.hasOwn(RELEASES, os);
