import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

/** File systems store holes in units of this size. */
const HOLE_BYTES = 64 * 1024;
const ZEROS = Buffer.alloc(HOLE_BYTES);

export interface SparseWrite {
  readonly sha256: string;
  /** Bytes outside holes. */
  readonly dataBytes: number;
}

/**
 * Writes a new file, with holes where the content is zero. `allow` is called before data are written, with the number
 * of data bytes up to then, and throws to refuse them.
 */
export async function writeSparse(
  { path, bytes }: { readonly path: string; readonly bytes: number },
  content: AsyncIterable<Buffer>,
  allow: (dataBytes: number) => void,
): Promise<SparseWrite> {
  const hash = createHash('sha256');
  let [position, dataBytes] = [0, 0];
  await using file = await open(path, 'wx', 0o644);
  for await (const piece of content) {
    hash.update(piece);
    for (const run of dataRuns(piece, position)) {
      dataBytes += run.data.length;
      allow(dataBytes);
      await file.write(run.data, 0, run.data.length, run.at);
    }
    position += piece.length;
  }
  await file.truncate(bytes);
  return { sha256: hash.digest('hex'), dataBytes };
}

/** Yields the parts of a piece that are not whole units of zeros, each with its position in the file. */
function* dataRuns(piece: Buffer, position: number): Generator<{ readonly at: number; readonly data: Buffer }> {
  let start: number | undefined;
  for (let at = 0; at < piece.length; ) {
    const end = Math.min(piece.length, at + HOLE_BYTES - ((position + at) % HOLE_BYTES));
    const zero = piece.compare(ZEROS, 0, end - at, at, end) === 0;
    if (zero && start !== undefined) {
      yield { at: position + start, data: piece.subarray(start, at) };
      start = undefined;
    }
    if (!zero) start ??= at;
    at = end;
  }
  if (start !== undefined) yield { at: position + start, data: piece.subarray(start) };
}
