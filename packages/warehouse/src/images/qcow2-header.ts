/**
 * Reads the header of a qcow2 file (docs/interop/qcow2.txt of QEMU) without any program, because the content is not
 * trusted yet.
 */
import { open } from 'node:fs/promises';

export interface Qcow2Header {
  readonly version: number;
  readonly virtualBytes: bigint;
  /** As written in the file: a relative name is relative to the file's folder. */
  readonly backingFile: string | undefined;
  /** Whether the guest's data lie in another file. */
  readonly externalData: boolean;
}

const MAGIC = 0x51_46_49_fb;
const HEAD_BYTES = 104;
const BACKING_NAME_BYTES = 1_023;
const EXTERNAL_DATA_BIT = 1n << 2n;

/** Returns undefined when the file is no qcow2 of version 2 or 3. */
export async function readQcow2Header(path: string): Promise<Qcow2Header | undefined> {
  await using file = await open(path, 'r');
  const head = Buffer.alloc(HEAD_BYTES);
  await file.read(head, 0, HEAD_BYTES, 0);
  const version = head.readUInt32BE(4);
  if (head.readUInt32BE(0) !== MAGIC || (version !== 2 && version !== 3)) return undefined;
  const [offset, length] = [head.readBigUInt64BE(8), head.readUInt32BE(16)];
  if (length > BACKING_NAME_BYTES || offset > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  const name = Buffer.alloc(length);
  if (offset !== 0n) await file.read(name, 0, length, Number(offset));
  return {
    version,
    virtualBytes: head.readBigUInt64BE(24),
    backingFile: offset === 0n ? undefined : name.toString('utf8'),
    externalData: version === 3 && (head.readBigUInt64BE(72) & EXTERNAL_DATA_BIT) !== 0n,
  };
}
