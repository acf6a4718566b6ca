/**
 * Disk images made for clouds, taken in as base images: partitioned, booting through their own boot loader, with the guest
 * agent installed, or with cloud-init to start it.
 */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool } from '@vmgrid/host';
import { DEVICE_LAYOUT } from '@vmgrid/lines';
import { type ErrorDetails, GridError } from '@vmgrid/protocol';
import type { ManifestDraft } from '@vmgrid/warehouse';
import { digestFile, readQcow2Header } from '@vmgrid/warehouse';

export interface CloudImageOrder {
  /** Operating system that requests will name. */
  readonly os: string;
  /** The image: raw or qcow2. It is only read. */
  readonly file: string;
  /** Least memory of a machine that boots it. */
  readonly memoryMiB: number;
  readonly signal: AbortSignal;
}

/** Larger ones are taken for damaged or hostile: what a header says costs nothing. */
export const MAX_DISK_MIB = 2_097_152;
const CONVERT_DEADLINE_MS = 30 * 60_000;
const MIB = 1_048_576;
const DISK = 'disk.qcow2';
const SECTOR_BYTES = 512;
/** Code of a boot sector; then come the signature of the disk and its table of partitions. */
const CODE_BYTES = 440;
const TOOL_DEADLINE_MS = 60_000;

type DiskFormat = ManifestDraft['diskFormat'];

/** Id under which the image is stored: another file is another image. @throws GridError BASE_BUILD_FAILED when it cannot be read */
export async function cloudImageId({ os, file, signal }: CloudImageOrder): Promise<string> {
  const digest = await digestFile(file, signal).catch((cause: Error) => {
    throw signal.aborted ? cause : unreadable(file, cause);
  });
  return `cloud-${os.replaceAll('.', '-')}-${digest.slice(0, 12)}`;
}

/**
 * Copies a cloud image into a folder, as a disk that stands on no other, and describes it. @throws GridError
 * BASE_BUILD_FAILED when it is none, refers to other files, is larger than it may be, or has no boot sector
 */
export async function takeCloudImage(
  order: CloudImageOrder,
  directory: string,
): Promise<Omit<ManifestDraft, 'createdAt' | 'createdBy'>> {
  const { file, os, memoryMiB } = order;
  const format = await formatOf(file);
  const diskMiB = await sizeOf(file, format, order.signal);
  const disk = join(directory, DISK);
  // Leaves behind internal snapshots and whatever else a foreign file carries beside its content.
  await qemuImg(['convert', '-f', format, '-O', 'qcow2', file, disk], order, CONVERT_DEADLINE_MS);
  // A disk is whole MiB here.
  await qemuImg(['resize', '-q', '-f', 'qcow2', disk, `${diskMiB}M`], order);
  await requireBootSector(disk, directory, order);
  const id = await cloudImageId(order);
  return {
    ...{ id, base: id, line: 'qemu', history: [], disk: DISK, diskFormat: 'qcow2' },
    machine: { arch: 'x86_64', os, memoryMiB, cpus: 1, diskMiB },
    // What a cloud's own guests are made for has virtio and SCSI drivers in its initial RAM disk.
    boot: { firmware: 'bios', layouts: [DEVICE_LAYOUT] },
  };
}

/** Told by the file's own head, never guessed by QEMU. @throws GridError */
async function formatOf(file: string): Promise<DiskFormat> {
  const header = await readQcow2Header(file).catch((cause: Error) => {
    throw unreadable(file, cause);
  });
  if (header === undefined) return 'raw';
  if (header.backingFile !== undefined) throw refusal(file, `stands on another file, ${header.backingFile}`);
  if (header.externalData) throw refusal(file, 'keeps its data in another file');
  return 'qcow2';
}

/** In MiB, rounded up. */
async function sizeOf(file: string, format: DiskFormat, signal: AbortSignal): Promise<number> {
  const info = JSON.parse(await qemuImg(['info', '-f', format, '--output=json', file], { file, signal }));
  const bytes: number = info['virtual-size'];
  if (info.encrypted) throw refusal(file, 'is encrypted');
  const diskMiB = Math.ceil(bytes / MIB);
  if (diskMiB >= 1 && diskMiB <= MAX_DISK_MIB) return diskMiB;
  throw refusal(file, `has a disk of ${diskMiB} MiB, at most ${MAX_DISK_MIB} MiB are taken`, {
    ...{ diskMiB, limitMiB: MAX_DISK_MIB },
  });
}

/** The firmware boots what has the signature of a boot sector in it; a disk for UEFI alone has an empty one. */
async function requireBootSector(disk: string, directory: string, order: CloudImageOrder): Promise<void> {
  const copy = join(directory, 'sector');
  await qemuImg(['dd', '-f', 'qcow2', '-O', 'raw', `bs=${SECTOR_BYTES}`, 'count=1', `if=${disk}`, `of=${copy}`], order);
  const sector = await readFile(copy);
  await rm(copy);
  const boots =
    sector.readUInt16BE(SECTOR_BYTES - 2) === 0x55aa && sector.subarray(0, CODE_BYTES).some((byte) => byte !== 0);
  if (!boots) throw refusal(order.file, 'has no boot sector: machines here have a BIOS, not UEFI');
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
