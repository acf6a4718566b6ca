import { statfs } from 'node:fs/promises';

/** What is free, for users other than root too, on the file system of a folder. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
