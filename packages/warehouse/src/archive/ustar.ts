/**
 * The subset of the tar format (POSIX ustar; sizes beyond 8 GiB in base 256, as GNU tar writes them) that archives of
 * images need: regular files. The reader refuses everything else, so no archive can contain a link, a device or a
 * sparse file.
 */
import { GridError } from '@vmgrid/protocol';

export const BLOCK_BYTES = 512;
const OCTAL_SIZE_LIMIT = 8 ** 11;
const NAME = { at: 0, bytes: 100 } as const;
const SIZE = { at: 124, bytes: 12 } as const;
const CHECKSUM = { at: 148, bytes: 8 } as const;
const TYPE_AT = 156;
const PREFIX = { at: 345, bytes: 155 } as const;
const REGULAR = new Set([0x30, 0]);

export interface TarEntry {
  readonly name: string;
  readonly bytes: number;
}

/** Two empty blocks end an archive. */
export const END = Buffer.alloc(2 * BLOCK_BYTES);

/** Returns the number of bytes that fill the last block of a file. */
export const paddingOf = (bytes: number): number => (BLOCK_BYTES - (bytes % BLOCK_BYTES)) % BLOCK_BYTES;

/** Returns the header of a file. `name` has at most 255 bytes and one slash. */
export function headOf({ name, bytes }: TarEntry): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  const slash = name.lastIndexOf('/');
  const split = Buffer.byteLength(name) > NAME.bytes;
  block.write(split ? name.slice(slash + 1) : name, NAME.at, NAME.bytes);
  if (split) block.write(name.slice(0, slash), PREFIX.at, PREFIX.bytes);
  block.write('0000644\0' + '0000000\0' + '0000000\0', 100);
  writeSize(block, bytes);
  block.write('00000000000\0', 136);
  block.write('0', TYPE_AT);
  block.write('ustar\x0000', 257);
  block.write(`${checksumOf(block).toString(8).padStart(6, '0')}\0 `, CHECKSUM.at);
  return block;
}

/** Reads the entry in a header block; undefined at the end of the archive. @throws GridError ARCHIVE_INVALID */
export function entryOf(block: Buffer): TarEntry | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  const stated = Number.parseInt(textAt(block, CHECKSUM), 8);
  if (stated !== checksumOf(block)) throw new GridError('ARCHIVE_INVALID', 'the archive is no tar file, or is damaged');
  const prefix = textAt(block, PREFIX);
  const name = prefix === '' ? textAt(block, NAME) : `${prefix}/${textAt(block, NAME)}`;
  const type = block[TYPE_AT]!;
  if (!REGULAR.has(type)) {
    const message = `${name} is no regular file but of the type ${JSON.stringify(String.fromCharCode(type))}`;
    throw new GridError('ARCHIVE_INVALID', message, { entry: name });
  }
  const bytes = readSize(block);
  if (!Number.isSafeInteger(bytes) || bytes < 0) {
    throw new GridError('ARCHIVE_INVALID', `the size of ${name} is no number`, { entry: name });
  }
  return { name, bytes };
}

function writeSize(block: Buffer, bytes: number): void {
  if (bytes < OCTAL_SIZE_LIMIT) {
    block.write(`${bytes.toString(8).padStart(11, '0')}\0`, SIZE.at);
    return;
  }
  block[SIZE.at] = 0x80;
  block.writeBigUInt64BE(BigInt(bytes), SIZE.at + 4);
}

function readSize(block: Buffer): number {
  if (block[SIZE.at] === 0x80) return Number(block.readBigUInt64BE(SIZE.at + 4));
  const text = textAt(block, SIZE).trim();
  return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number.NaN;
}

/** Sums all bytes; those of the checksum itself count as spaces. */
function checksumOf(block: Buffer): number {
  let sum = 0;
  for (const [at, byte] of block.entries()) {
    sum += at >= CHECKSUM.at && at < CHECKSUM.at + CHECKSUM.bytes ? 0x20 : byte;
  }
  return sum;
}

function textAt(block: Buffer, { at, bytes }: { readonly at: number; readonly bytes: number }): string {
  const field = block.subarray(at, at + bytes);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end === -1 ? bytes : end);
}
