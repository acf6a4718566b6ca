/**
 * An empty qcow2 disk over another one, as `qemu-img create` makes it, which takes a process. Pure.
 * https://www.qemu.org/docs/master/interop/qcow2.html
 */

const CLUSTER_BITS = 16;
const CLUSTER_BYTES = 2 ** CLUSTER_BITS;
const ENTRY_BYTES = 8;
/** A table of the second level is one cluster, of which each entry is a cluster of the disk. */
const BYTES_OF_TABLE = (CLUSTER_BYTES / ENTRY_BYTES) * CLUSTER_BYTES;
const HEADER_BYTES = 104;
const BACKING_FORMAT = 0xe2792aca;
/** Reference counts have two bytes, 2 ** REFCOUNT_ORDER bits. */
const REFCOUNT_ORDER = 4;
/** The table of reference counts, and the only block of them. */
const REFCOUNT_CLUSTERS = 2;
const MAX_BACKING_BYTES = 1_023;

export interface EmptyOverlay {
  /** The path of the disk below. */
  readonly backing: string;
  readonly backingFormat: string;
  readonly sizeBytes: number;
}

/** @throws RangeError when the path is longer than the format allows */
export function emptyOverlay({ backing, backingFormat, sizeBytes }: EmptyOverlay): Buffer {
  const name = Buffer.from(backing);
  if (name.length > MAX_BACKING_BYTES) {
    throw new RangeError(`the path of a disk below has at most ${MAX_BACKING_BYTES} bytes, not ${name.length}`);
  }
  const tables = Math.ceil(sizeBytes / BYTES_OF_TABLE);
  const tableClusters = Math.ceil((tables * ENTRY_BYTES) / CLUSTER_BYTES);
  const clusters = 1 + REFCOUNT_CLUSTERS + tableClusters;
  const disk = Buffer.alloc(clusters * CLUSTER_BYTES);
  const format = Buffer.from(backingFormat);
  const nameAt = HEADER_BYTES + 8 + padded(format.length) + 8;
  disk.write('QFI\xfb', 'latin1');
  disk.writeUInt32BE(3, 4);
  disk.writeBigUInt64BE(BigInt(nameAt), 8);
  disk.writeUInt32BE(name.length, 16);
  disk.writeUInt32BE(CLUSTER_BITS, 20);
  disk.writeBigUInt64BE(BigInt(sizeBytes), 24);
  disk.writeUInt32BE(tables, 36);
  disk.writeBigUInt64BE(BigInt((1 + REFCOUNT_CLUSTERS) * CLUSTER_BYTES), 40);
  disk.writeBigUInt64BE(BigInt(CLUSTER_BYTES), 48);
  disk.writeUInt32BE(1, 56);
  disk.writeUInt32BE(REFCOUNT_ORDER, 96);
  disk.writeUInt32BE(HEADER_BYTES, 100);
  disk.writeUInt32BE(BACKING_FORMAT, HEADER_BYTES);
  disk.writeUInt32BE(format.length, HEADER_BYTES + 4);
  format.copy(disk, HEADER_BYTES + 8);
  name.copy(disk, nameAt);
  disk.writeBigUInt64BE(BigInt(2 * CLUSTER_BYTES), CLUSTER_BYTES);
  for (let cluster = 0; cluster < clusters; cluster += 1) disk.writeUInt16BE(1, 2 * CLUSTER_BYTES + 2 * cluster);
  return disk;
}

/** Extensions of the header fill whole words. */
const padded = (bytes: number): number => Math.ceil(bytes / 8) * 8;
