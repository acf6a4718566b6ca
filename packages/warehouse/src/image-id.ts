import { createHash } from 'node:crypto';
import type { Manifest } from './manifest.ts';

type Identity = Pick<Manifest, 'machine' | 'line' | 'base' | 'compatibility'> & {
  readonly history: readonly { readonly digest: string }[];
};

/**
 * The id of a golden image is a digest of what it is, not of its bytes: machine, line, base, what was run in which order,
 * and what restores it. Two processes that build the same image at once arrive at the same id; the second finds it there.
 */
export function imageIdOf(identity: Identity): string {
  const { arch, os, memoryMiB, cpus, diskMiB } = identity.machine;
  const canonical = JSON.stringify([
    [arch, os, memoryMiB, cpus, diskMiB],
    identity.line,
    identity.base,
    identity.history.map((entry) => entry.digest),
    identity.compatibility ? Object.entries(identity.compatibility).sort() : null,
  ]);
  return `image-${createHash('sha256').update(canonical).digest('hex').slice(0, 20)}`;
}
