import { createHash } from 'node:crypto';
import type { Manifest } from './manifest.ts';

type Identity = Pick<Manifest, 'machine' | 'line' | 'base' | 'compatibility'> & {
  readonly history: readonly { readonly digest: string }[];
  /**
   * Of a build whose results get old: which of their lifetimes since the epoch it is in. A later one is another
   * image.
   */
  readonly lifetimes?: readonly number[];
};

/** What histories say. Images of an earlier one say too little to be used, and are not in the way of a new build. */
const HISTORIES = 2;

/**
 * The id of a golden image is a digest of what it is, not of its bytes: machine, line, base, what was run in which
 * order (and in which lifetime, where results get old), and what restores it. Two processes that build the same image
 * at once arrive at the same id; the second finds it there.
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
  ]);
  return `image-${createHash('sha256').update(canonical).digest('hex').slice(0, 20)}`;
}
