import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

/** Returns SHA-256 of a file's whole content (holes read as zeros), as 64 hexadecimal digits. */
export async function digestFile(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const source = createReadStream(path, { highWaterMark: 1024 * 1024 });
  await pipeline(source, hash, signal ? { signal } : {});
  return hash.digest('hex');
}
