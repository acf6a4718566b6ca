/**
 * Makes ISO 9660 (ECMA-119) images with one folder: just enough for a disc that configures a guest. Pure; equal input
 * gives identical bytes.
 */

const SECTOR = 2_048;
const SYSTEM_SECTORS = 16;
/** The primary descriptor, the terminator and both path tables; the root folder follows. */
const ROOT_SECTOR = SYSTEM_SECTORS + 4;
const PATH_TABLE_BYTES = 10;
/** Level 2 names. Linux accepts the hyphen, which the standard does not have. */
const NAME = /^[a-z0-9-]{1,24}(\.[a-z0-9]{1,3})?$/;

/** A file of the disc. Linux shows the names in small letters (`map=normal`, its default). */
export interface IsoFile {
  /** At most 24 letters, digits and hyphens, and an extension of at most 3 letters and digits. */
  readonly name: string;
  readonly content: Uint8Array | FileOnDisk;
}

/** A content that is read as the disc is written. */
export interface FileOnDisk {
  readonly path: string;
  readonly bytes: number;
}

const lengthOf = (content: IsoFile['content']): number =>
  content instanceof Uint8Array ? content.length : content.bytes;

const sectorsOf = (bytes: number): number => Math.ceil(bytes / SECTOR);

/** Writes a number in both byte orders, one after the other. */
function put32(buffer: Buffer, offset: number, value: number): void {
  buffer.writeUInt32LE(value, offset);
  buffer.writeUInt32BE(value, offset + 4);
}

function put16(buffer: Buffer, offset: number, value: number): void {
  buffer.writeUInt16LE(value, offset);
  buffer.writeUInt16BE(value, offset + 2);
}

/** Where a file or a folder lies on the disc. */
interface Extent {
  readonly sector: number;
  readonly bytes: number;
}

/** Makes a directory record (9.1). Its date is fixed: 2004-11-06, the day on which SC 2004 opened. */
function directoryRecord(kind: 'file' | 'folder', identifier: Buffer, { sector, bytes }: Extent): Buffer {
  const record = Buffer.alloc(33 + identifier.length + ((identifier.length + 1) % 2));
  record[0] = record.length;
  put32(record, 2, sector);
  put32(record, 10, bytes);
  record.set([104, 11, 6, 0, 0, 0, 0], 18);
  record[25] = kind === 'folder' ? 2 : 0;
  put16(record, 28, 1);
  record[32] = identifier.length;
  identifier.copy(record, 33);
  return record;
}

/** Places records so that none crosses a sector; the rest of a sector stays zero. */
function layOut(records: readonly Buffer[]): Buffer {
  const sectors: Buffer[] = [];
  let used = SECTOR;
  for (const record of records) {
    if (used + record.length > SECTOR) {
      sectors.push(Buffer.alloc(SECTOR));
      used = 0;
    }
    record.copy(sectors.at(-1)!, used);
    used += record.length;
  }
  return Buffer.concat(sectors);
}

function fileIdentifier(name: string): Buffer {
  if (!NAME.test(name)) throw new Error(`${name} is no ISO 9660 name`);
  const dotted = name.includes('.') ? name : `${name}.`;
  return Buffer.from(`${dotted.toUpperCase()};1`, 'latin1');
}

function rootFolder(files: readonly IsoFile[], firstSector: number, folderBytes: number): Buffer {
  let sector = firstSector;
  const records = files.map(({ name, content }) => {
    const record = directoryRecord('file', fileIdentifier(name), { sector, bytes: lengthOf(content) });
    sector += sectorsOf(lengthOf(content));
    return record;
  });
  const self = directoryRecord('folder', Buffer.from([0]), { sector: ROOT_SECTOR, bytes: folderBytes });
  const parent = directoryRecord('folder', Buffer.from([1]), { sector: ROOT_SECTOR, bytes: folderBytes });
  return layOut([self, parent, ...records]);
}

/** Makes the primary volume descriptor (8.4). */
function volumeDescriptor(volumeId: string, totalSectors: number, folderBytes: number): Buffer {
  const sector = Buffer.alloc(SECTOR);
  sector[0] = 1;
  sector.write('CD001', 1, 'latin1');
  sector[6] = 1;
  sector.fill(0x20, 8, 72);
  sector.write(volumeId.padEnd(32), 40, 'latin1');
  put32(sector, 80, totalSectors);
  put16(sector, 120, 1);
  put16(sector, 124, 1);
  put16(sector, 128, SECTOR);
  put32(sector, 132, PATH_TABLE_BYTES);
  sector.writeUInt32LE(SYSTEM_SECTORS + 2, 140);
  sector.writeUInt32BE(SYSTEM_SECTORS + 3, 148);
  directoryRecord('folder', Buffer.from([0]), { sector: ROOT_SECTOR, bytes: folderBytes }).copy(sector, 156);
  sector.fill(0x20, 190, 813);
  // Four dates that are "not specified" (8.4.26.1): digits zero, offset zero.
  for (const offset of [813, 830, 847, 864]) sector.write('0'.repeat(16), offset, 'latin1');
  sector[881] = 1;
  return sector;
}

function terminator(): Buffer {
  const sector = Buffer.alloc(SECTOR);
  sector[0] = 255;
  sector.write('CD001', 1, 'latin1');
  sector[6] = 1;
  return sector;
}

/** Makes a path table (9.4) with the root folder only. */
function pathTable(bigEndian: boolean): Buffer {
  const sector = Buffer.alloc(SECTOR);
  sector[0] = 1;
  if (bigEndian) sector.writeUInt32BE(ROOT_SECTOR, 2);
  else sector.writeUInt32LE(ROOT_SECTOR, 2);
  if (bigEndian) sector.writeUInt16BE(1, 6);
  else sector.writeUInt16LE(1, 6);
  return sector;
}

/** The bytes that fill the last sector of a content. */
const padding = (bytes: number): Buffer => Buffer.alloc(sectorsOf(bytes) * SECTOR - bytes);

const compareNames = (a: IsoFile, b: IsoFile): number => (a.name < b.name ? -1 : 1);

/**
 * A disc with these files in its root folder, piece by piece; a file on disk stands for its bytes. `volumeId`: at most
 * 32 characters.
 */
export function* isoPieces(volumeId: string, unsorted: readonly IsoFile[]): Generator<IsoFile['content']> {
  const files = [...unsorted].sort(compareNames);
  // The folder's size does not depend on the positions in it.
  const folderBytes = rootFolder(files, 0, 0).length;
  const firstSector = ROOT_SECTOR + sectorsOf(folderBytes);
  const totalSectors = files.reduce((sum, { content }) => sum + sectorsOf(lengthOf(content)), firstSector);
  yield Buffer.concat([
    Buffer.alloc(SYSTEM_SECTORS * SECTOR),
    volumeDescriptor(volumeId, totalSectors, folderBytes),
    terminator(),
    pathTable(false),
    pathTable(true),
    rootFolder(files, firstSector, folderBytes),
  ]);
  for (const { content } of files) {
    yield content;
    yield padding(lengthOf(content));
  }
}

/** The bytes of a disc whose contents are all at hand. */
export const isoImage = (volumeId: string, files: readonly (IsoFile & { readonly content: Uint8Array })[]): Buffer =>
  Buffer.concat([...isoPieces(volumeId, files)] as Uint8Array[]);
