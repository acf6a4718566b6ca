/** Reads what `isoImage` writes: the files in the root folder of an ISO 9660 image (ECMA-119). */
import { GridError } from '@vmgrid/protocol';

const SECTOR = 2_048;
const DESCRIPTOR_AT = 16 * SECTOR;
const ROOT_RECORD_AT = 156;

interface Extent {
  readonly sector: number;
  readonly bytes: number;
}

/**
 * Returns the files of the disc by name, in small letters, without version. @throws GridError VMM_FAILED when it is no
 * such disc
 */
export function readIso(disc: Buffer): ReadonlyMap<string, Buffer> {
  if (disc.toString('latin1', DESCRIPTOR_AT + 1, DESCRIPTOR_AT + 6) !== 'CD001') {
    throw new GridError('VMM_FAILED', 'the disc is no ISO 9660 image');
  }
  const folder = contentOf(disc, extentOf(disc, DESCRIPTOR_AT + ROOT_RECORD_AT));
  const files = new Map<string, Buffer>();
  for (let at = 0; at < folder.length; ) {
    const length = folder[at]!;
    if (length === 0) {
      at = (Math.floor(at / SECTOR) + 1) * SECTOR; // records do not cross sectors
      continue;
    }
    const identifier = folder.toString('latin1', at + 33, at + 33 + folder[at + 32]!);
    const isFolder = (folder[at + 25]! & 2) !== 0;
    if (!isFolder) files.set(nameOf(identifier), contentOf(disc, extentOf(folder, at)));
    at += length;
  }
  return files;
}

const extentOf = (buffer: Buffer, at: number): Extent => ({
  sector: buffer.readUInt32LE(at + 2),
  bytes: buffer.readUInt32LE(at + 10),
});

const contentOf = (disc: Buffer, { sector, bytes }: Extent): Buffer =>
  disc.subarray(sector * SECTOR, sector * SECTOR + bytes);

const nameOf = (identifier: string): string => identifier.replace(/;\d+$/, '').replace(/\.$/, '').toLowerCase();
