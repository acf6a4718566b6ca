/**
 * Imports cloud images as base images: disks with partitions that boot through their own boot loader, with the guest
 * agent installed, or with cloud-init to start it.
 */
import { readFile, rm, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { runTool } from '@vmgrid/host';
import { LAYOUT_WITHOUT_AGENT } from '@vmgrid/lines';
import { type ErrorDetails, GridError } from '@vmgrid/protocol';
import type { ManifestDraft } from '@vmgrid/warehouse';
import { digestFile, readQcow2Header } from '@vmgrid/warehouse';
import { type DiskFormat, type DiskKind, diskKindOf, type Packing } from './disk-kind.ts';

export interface CloudImageOrder {
  /** The operating system that requests will name. */
  readonly os: string;
  /** The image: raw, or a format that qemu-img or the unpackers read. It is only read. */
  readonly file: string;
  /** Least memory of a machine that boots it. */
  readonly memoryMiB: number;
  readonly signal: AbortSignal;
}

/** A larger disk counts as damaged or hostile, because a header can claim any size. */
export const MAX_DISK_MIB = 2_097_152;
const CONVERT_DEADLINE_MS = 30 * 60_000;
const MIB = 1_048_576;
const DISK = 'disk.qcow2';
const UNPACKED = 'unpacked';
/** The suffix by which each program recognizes its files, and which it removes. */
const SUFFIXES: Readonly<Record<Packing, string>> = { gzip: 'gz', xz: 'xz', zstd: 'zst' };
/** Limit for unpacked data, because a few bytes can unpack to any number. */
const UNPACKED_BYTES = 65_536 * MIB;
const SECTOR_BYTES = 512;
/** The code of a boot sector; the signature of the disk and its partition table follow. */
const CODE_BYTES = 440;
const TOOL_DEADLINE_MS = 60_000;

/**
 * Returns the id under which the image is stored: another file is another image. @throws GridError BASE_BUILD_FAILED
 * when the file cannot be read
 */
export async function cloudImageId({ os, file, signal }: CloudImageOrder): Promise<string> {
  const digest = await digestFile(file, signal).catch((cause: Error) => {
    throw signal.aborted ? cause : unreadable(file, cause);
  });
  return `cloud-${os.replaceAll('.', '-')}-${digest.slice(0, 12)}`;
}

/**
 * Copies a cloud image into a folder, as a complete disk, and describes it. @throws GridError BASE_BUILD_FAILED when
 * the file is no disk image, refers to other files, is larger than allowed, or has no boot sector
 */
export async function takeCloudImage(
  order: CloudImageOrder,
  directory: string,
): Promise<Omit<ManifestDraft, 'createdAt' | 'createdBy'>> {
  const { os, memoryMiB } = order;
  const unpacked = join(directory, UNPACKED);
  const disk = join(directory, DISK);
  const source = { ...order, path: await unpackedFile(order, unpacked) };
  const format = await formatOf(source);
  const diskMiB = await sizeOf(source, format);
  // The copy leaves out internal snapshots and anything else that the foreign file carries besides its content.
  await qemuImg(['convert', '-f', format, '-O', 'qcow2', source.path, disk], order, CONVERT_DEADLINE_MS);
  await rm(unpacked, { force: true });
  // Disks here have a whole number of MiB.
  await qemuImg(['resize', '-q', '-f', 'qcow2', disk, `${diskMiB}M`], order);
  await requireBootSector(disk, directory, order);
  const id = await cloudImageId(order);
  return {
    ...{ id, base: id, line: 'qemu', history: [], disk: DISK, diskFormat: 'qcow2' },
    machine: { arch: 'x86_64', os, memoryMiB, cpus: 1, diskMiB },
    // Cloud images have virtio and SCSI drivers in their initial RAM disk.
    boot: { firmware: 'bios', layouts: [LAYOUT_WITHOUT_AGENT] },
  };
}

/** The source of an import: `file` is its name, `path` the unpacked file. */
interface Source extends CloudImageOrder {
  readonly path: string;
}

/** Reads the format from the file's own header; QEMU never guesses it. @throws GridError */
async function formatOf({ file, path }: Source): Promise<DiskFormat> {
  const kind = await kindOf(file, path);
  if (kind.kind !== 'disk') throw noDisk(file, kind);
  const header = kind.format === 'qcow2' ? await readQcow2Header(path) : undefined;
  if (header === undefined) return kind.format;
  if (header.backingFile !== undefined) throw refusal(file, `stands on another file, ${header.backingFile}`);
  if (header.externalData) throw refusal(file, 'keeps its data in another file');
  return 'qcow2';
}

const kindOf = (file: string, path = file): Promise<DiskKind> =>
  diskKindOf(path).catch((cause: Error) => {
    throw unreadable(file, cause);
  });

function noDisk(file: string, kind: Exclude<DiskKind, { readonly kind: 'disk' }>): GridError {
  const what = kind.kind === 'packed' ? `packed by ${kind.by} more than once` : kind.what;
  return refusal(file, `is no disk image: it is ${what}`, { what });
}

/**
 * Returns the file itself, or its unpacked content. Each program gets paths as arguments, and may write no more than
 * the largest disk.
 */
async function unpackedFile({ file, signal }: CloudImageOrder, unpacked: string): Promise<string> {
  const kind = await kindOf(file);
  if (kind.kind !== 'packed') return file;
  const packed = `${unpacked}.${SUFFIXES[kind.by]}`;
  await symlink(resolve(file), packed);
  // Forced, because the packed file is given as a link; the file itself stays.
  await runTool('prlimit', [`--fsize=${UNPACKED_BYTES}`, '--', kind.by, '-d', '-k', '-f', '--', packed], {
    ...{ signal, timeoutMs: CONVERT_DEADLINE_MS },
    failure: {
      code: 'BASE_BUILD_FAILED',
      message: `${file} cannot be unpacked by ${kind.by}, or would be larger than ${UNPACKED_BYTES / MIB} MiB`,
      details: { file, limitBytes: UNPACKED_BYTES },
    },
  });
  await rm(packed);
  return unpacked;
}

/** Returns the size in MiB, rounded up. */
async function sizeOf({ file, path, signal }: Source, format: DiskFormat): Promise<number> {
  const info = JSON.parse(await qemuImg(['info', '-f', format, '--output=json', path], { file, signal }));
  const bytes: number = info['virtual-size'];
  if (info.encrypted) throw refusal(file, 'is encrypted');
  if (info['backing-filename'] !== undefined)
    throw refusal(file, `stands on another file, ${info['backing-filename']}`);
  const diskMiB = Math.ceil(bytes / MIB);
  if (diskMiB >= 1 && diskMiB <= MAX_DISK_MIB) return diskMiB;
  throw refusal(file, `has a disk of ${diskMiB} MiB, at most ${MAX_DISK_MIB} MiB are taken`, {
    ...{ diskMiB, limitMiB: MAX_DISK_MIB },
  });
}

/** The firmware boots a disk with a boot sector's signature; a disk for UEFI only has an empty boot sector. */
async function requireBootSector(disk: string, directory: string, order: CloudImageOrder): Promise<void> {
  const copy = join(directory, 'sector');
  await qemuImg(['dd', '-f', 'qcow2', '-O', 'raw', `bs=${SECTOR_BYTES}`, 'count=1', `if=${disk}`, `of=${copy}`], order);
  const sector = await readFile(copy);
  await rm(copy);
  const boots =
    sector.readUInt16BE(SECTOR_BYTES - 2) === 0x55aa && sector.subarray(0, CODE_BYTES).some((byte) => byte !== 0);
  if (boots) return;
  throw refusal(
    order.file,
    'is a disk without a boot sector: machines here have a BIOS, and boot no disk for UEFI alone',
  );
}

function qemuImg(
  args: readonly string[],
  { file, signal }: Pick<CloudImageOrder, 'file' | 'signal'>,
  timeoutMs = TOOL_DEADLINE_MS,
): Promise<string> {
  const failure = { code: 'BASE_BUILD_FAILED', message: `${file} is no usable image`, details: { file } } as const;
  return runTool('qemu-img', args, { signal, timeoutMs, failure });
}

const refusal = (file: string, fault: string, details: ErrorDetails = {}): GridError =>
  new GridError('BASE_BUILD_FAILED', `${file} ${fault}`, { file, ...details });

const unreadable = (file: string, { message }: Error): GridError => refusal(file, `cannot be read: ${message}`);
