import { execFileSync } from 'node:child_process';

/** Unpacks a disc with an ISO 9660 reader that is not ours. Returns the folder. */
export function extractDisc(disc: string, folder: string): string {
  const args = ['-ecma119_map', 'lowercase', '-indev', disc, '-osirrox', 'on', '-extract', '/', folder];
  execFileSync('xorriso', args, { stdio: 'ignore' });
  execFileSync('chmod', ['-R', 'u+rwX', folder]);
  return folder;
}
