import { statfs } from 'node:fs/promises';

/** Returns the free bytes on the file system of a folder, as users other than root may use them. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
