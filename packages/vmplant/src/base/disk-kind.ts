/** Recognizes the format of a disk image file by its first and last bytes, so that no program guesses. */
import { open } from 'node:fs/promises';

/** Disk formats that qemu-img reads, under its names. */
export type DiskFormat = 'raw' | 'qcow2' | 'vmdk' | 'vdi' | 'vhdx' | 'vpc';
/** Compressed files, by the program that unpacks them. */
export type Packing = 'xz' | 'gzip' | 'zstd';

export type DiskKind =
  | { readonly kind: 'disk'; readonly format: DiskFormat }
  | { readonly kind: 'packed'; readonly by: Packing }
  /** No disk; `what` says in words what it is. */
  | { readonly kind: 'other'; readonly what: string };

interface Mark {
  readonly at: number;
  readonly bytes: string;
  readonly means: DiskKind;
}

const disk = (format: DiskFormat): DiskKind => ({ kind: 'disk', format });
const packed = (by: Packing): DiskKind => ({ kind: 'packed', by });
const other = (what: string): DiskKind => ({ kind: 'other', what });

const DESCRIPTION = other('the description of a VMDK whose data lies in other files');

/** Bytes as latin1 text. */
const MARKS: readonly Mark[] = [
  { at: 0, bytes: 'QFI\xfb', means: disk('qcow2') },
  { at: 0, bytes: 'KDMV', means: disk('vmdk') },
  { at: 0x40, bytes: '\x7f\x10\xda\xbe', means: disk('vdi') },
  { at: 0, bytes: 'vhdxfile', means: disk('vhdx') },
  { at: 0, bytes: 'conectix', means: disk('vpc') },
  { at: 0, bytes: '\xfd7zXZ\0', means: packed('xz') },
  { at: 0, bytes: '\x1f\x8b', means: packed('gzip') },
  { at: 0, bytes: '\x28\xb5\x2f\xfd', means: packed('zstd') },
  { at: 0, bytes: 'BZh', means: other('packed by bzip2') },
  { at: 0, bytes: 'PK\x03\x04', means: other('a ZIP archive') },
  { at: 0, bytes: '# Disk DescriptorFile', means: DESCRIPTION },
  { at: 0, bytes: '%PDF', means: other('a PDF document') },
  { at: 0, bytes: '\x7fELF', means: other('a program') },
  { at: 257, bytes: 'ustar', means: other('a tar archive (an OVA is one, with a disk in it)') },
];

const HEAD_BYTES = 4_096;
/** The footer of a virtual PC disk of fixed size, which has its mark at the end. */
const FOOTER_BYTES = 512;

/** @throws the error of the file system */
export async function diskKindOf(path: string): Promise<DiskKind> {
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  const read = async (position: number, bytes: number): Promise<Buffer> => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, Math.max(0, position));
    return buffer.subarray(0, bytesRead);
  };
  return diskKind(await read(0, HEAD_BYTES), await read(size - FOOTER_BYTES, FOOTER_BYTES));
}

/** Reads the beginning and the last bytes of a file. Pure. */
export function diskKind(head: Buffer, footer: Buffer): DiskKind {
  const mark = MARKS.find(({ at, bytes }) => head.toString('latin1', at, at + bytes.length) === bytes);
  if (mark) return isDescription(mark.means, head) ? DESCRIPTION : mark.means;
  if (head.length > 0 && head.every(isText)) return other('a text');
  return disk(footer.toString('latin1', 0, 8) === 'conectix' ? 'vpc' : 'raw');
}

/** A VMDK without a size of its own contains a description, which may refer to any file of the host. */
const isDescription = (kind: DiskKind, head: Buffer): boolean =>
  kind.kind === 'disk' && kind.format === 'vmdk' && (head.length < 20 || head.readBigUInt64LE(12) === 0n);

const isText = (byte: number): boolean => byte >= 0x20 || (byte >= 0x07 && byte <= 0x0d) || byte === 0x1b;
