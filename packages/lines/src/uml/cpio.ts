/**
 * Makes archives in cpio's "new ASCII" format (cpio(5), newc), which Linux unpacks as its first root file system. Pure.
 */

export interface CpioEntry {
  readonly name: string;
  /** Type and permissions, as in stat(2). */
  readonly mode: number;
  readonly content?: Uint8Array;
}

export const FOLDER_MODE = 0o040755;
export const PROGRAM_MODE = 0o100755;

const hex = (value: number): string => value.toString(16).padStart(8, '0');

const padding = (length: number): Buffer => Buffer.alloc((4 - (length % 4)) % 4);

function entryBytes({ name, mode, content = new Uint8Array() }: CpioEntry, inode: number): Buffer {
  // inode, mode, uid, gid, links, mtime, size, device (2), device that it is (2), length of the name, checksum
  const numbers = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length + 1, 0];
  const head = Buffer.from(`070701${numbers.map(hex).join('')}${name}\0`, 'latin1');
  return Buffer.concat([head, padding(head.length), content, padding(content.length)]);
}

/** Folders must come before their content. */
export const cpioArchive = (entries: readonly CpioEntry[]): Buffer =>
  Buffer.concat([...entries, { name: 'TRAILER!!!', mode: 0 }].map((entry, index) => entryBytes(entry, index + 1)));
