import { spawnSync } from 'node:child_process';

/** Why this process gets no namespaces by these options of `unshare`; undefined if it does. */
export function whyNotUnshared(...options: string[]): string | undefined {
  const { status, stderr, error } = spawnSync('unshare', [...options, 'true'], { encoding: 'utf8' });
  return status === 0
    ? undefined
    : `this user cannot \`unshare ${options.join(' ')}\`: ${error?.message ?? stderr.trim()}`;
}
