import { createHash } from 'node:crypto';
import type { Manifest } from './manifest.ts';

type Identity = Pick<Manifest, 'machine' | 'line' | 'base' | 'compatibility' | 'madeFor'> & {
  readonly history: readonly { readonly digest: string }[];
  /**
   * For a build whose results age: the number of lifetimes since the epoch, one for each action that ages. In a later
   * lifetime it is another image.
   */
  readonly lifetimes?: readonly number[];
};

/**
 * Version of the content of histories. Images of an earlier version say too little to be used, and must not block a new
 * build.
 */
const HISTORIES = 2;

/**
 * The id of a golden image is a digest of what it is, not of its bytes: machine, line, base, the actions in their order
 * (and their lifetimes, where results age), the requirements for restoring it, and the one use it was made for, if any.
 * Two processes that build the same image at once get the same id; the second finds the image there.
 */
export function imageIdOf(identity: Identity): string {
  const { arch, os, memoryMiB, cpus, diskMiB } = identity.machine;
  const canonical = JSON.stringify([
    [arch, os, memoryMiB, cpus, diskMiB],
    identity.line,
    identity.base,
    identity.history.map((entry) => entry.digest),
    identity.compatibility ? Object.entries(identity.compatibility).sort() : null,
    HISTORIES,
    identity.lifetimes ?? [],
    ...(identity.madeFor === undefined ? [] : [identity.madeFor]),
  ]);
  return `image-${createHash('sha256').update(canonical).digest('hex').slice(0, 20)}`;
}
