import { chmod } from 'node:fs/promises';

/** Lets the tests damage a file of an image, to which nobody may write. Returns its path. */
export async function writable(path: string): Promise<string> {
  await chmod(path, 0o600);
  return path;
}
