import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { chmod, chown, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { GoldenImage } from '@vmgrid/warehouse';
import { bootFilesOf } from '@vmgrid/warehouse';

/**
 * Users and groups under which a plant that is root runs hypervisors. The default range is one that systemd's
 * documentation leaves unused (0x70000000 to 0x7fffffff), so that no account of the host is in it.
 */
export const HOST_ID_RANGE = { first: 0x7000_0000, count: 0x0fff_0000 } as const;
const KVM_DEVICE = '/dev/kvm';
export type HostIdRange = { readonly first: number; readonly count: number };

/** User and groups of one machine's hypervisor. */
export interface HostUser {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

const hashInto = (range: HostIdRange, text: string): number =>
  // The first id is the group that reads disks and boot files of images.
  range.first + 1 + (createHash('sha256').update(text).digest().readUInt32BE(0) % (range.count - 1));

/** Group that may read the disks and boot files of all images. */
const imagesGroup = (range: HostIdRange): number => range.first;

/** Group that may map the memory of one image: only machines cloned from it are in it. */
const memoryGroup = (range: HostIdRange, image: GoldenImage): number => hashInto(range, `image ${image.manifest.id}`);

/** The user of a machine; undefined when the plant is not root, so that the hypervisor runs as the plant does. */
export function hostUserOf(
  range: HostIdRange,
  vmId: string,
  image: GoldenImage,
  accelerator?: string,
): HostUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const uid = hashInto(range, `vm ${vmId}`);
  const groups = [imagesGroup(range), memoryGroup(range, image), ...(accelerator === 'kvm' ? kvmGroups() : [])];
  return { uid, gid: uid, groups };
}

/**
 * A user who may as much as that of any machine, to try what needs no image as; undefined when the plant is not root.
 */
export function probeUserOf(range: HostIdRange): HostUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const uid = hashInto(range, 'probe');
  return { uid, gid: uid, groups: [] };
}

/** The group made for opening /dev/kvm. That of root is not: it may more than that. */
function kvmGroups(): readonly number[] {
  const device = statSync(KVM_DEVICE, { throwIfNoEntry: false });
  return device !== undefined && device.gid !== 0 && (device.mode & 0o060) === 0o060 ? [device.gid] : [];
}

/** Changes when other users may open /dev/kvm, or when this one may. */
export function kvmAccess(): string {
  const device = statSync(KVM_DEVICE, { throwIfNoEntry: false });
  if (device === undefined) return 'none';
  return [device.mode.toString(8), device.uid, device.gid, process.getuid?.(), process.getgroups?.()].join(' ');
}

async function giveToGroup(path: string, gid: number, mode: number): Promise<void> {
  const found = await stat(path);
  if (found.gid === gid && (found.mode & 0o777) === mode) return;
  await chown(path, found.uid, gid);
  await chmod(path, mode);
}

/**
 * Lets machines of an image read its files, as far as they must. Before QEMU 8.2 a private mapping of the memory file
 * needs it to be writable, though nothing is ever written through it; hence a group for each image.
 */
export async function admitToImage(range: HostIdRange, image: GoldenImage, memoryWritable: boolean): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { disk, memory } = image.manifest;
  const readable = [
    join(image.directory, disk),
    ...bootFilesOf(image.manifest).map((file) => join(image.baseDirectory, file)),
  ];
  await Promise.all(readable.map((path) => giveToGroup(path, imagesGroup(range), 0o640)));
  if (memory === undefined) return;
  const mode = memoryWritable ? 0o660 : 0o640;
  await giveToGroup(join(image.directory, memory.memory), memoryGroup(range, image), mode);
}
