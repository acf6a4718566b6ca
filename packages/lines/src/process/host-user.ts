import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { chmod, chown, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { GoldenImage } from '@vmgrid/warehouse';
import { bootFilesOf } from '@vmgrid/warehouse';

/**
 * Users and groups under which a plant that is root runs hypervisors. systemd's documentation leaves the default range
 * unused (0x70000000 to 0x7fffffff), so that no account of the host is in it.
 */
export const HOST_ID_RANGE = { first: 0x7000_0000, count: 0x0fff_0000 } as const;
/** The mode of a golden image's file on a plant that is root. */
const FROZEN_FILE_MODE = 0o440;
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

/** The group that may read the disks and boot files of all images. */
const imagesGroup = (range: HostIdRange): number => range.first;

/** The group that may read the memory of one image; only its clones are in it. */
const memoryGroup = (range: HostIdRange, image: GoldenImage): number => hashInto(range, `image ${image.manifest.id}`);

/** What decides which user a machine runs as. */
export interface MachineOwner {
  readonly vmId: string;
  readonly image: GoldenImage;
  readonly accelerator?: string;
}

/**
 * Returns the user of a machine; undefined when the plant is not root: the hypervisor then runs as the plant's user.
 */
export function hostUserOf(range: HostIdRange, { vmId, image, accelerator }: MachineOwner): HostUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const uid = hashInto(range, `vm ${vmId}`);
  const groups = [imagesGroup(range), memoryGroup(range, image), ...(accelerator === 'kvm' ? kvmGroups() : [])];
  return { uid, gid: uid, groups };
}

/**
 * Returns a user with the rights of any machine's user, for trials that need no image; undefined when the plant is not
 * root.
 */
export function probeUserOf(range: HostIdRange): HostUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const uid = hashInto(range, 'probe');
  return { uid, gid: uid, groups: [] };
}

/** Returns the group that may open /dev/kvm; root's group is left out, because it may do more. */
function kvmGroups(): readonly number[] {
  const device = statSync(KVM_DEVICE, { throwIfNoEntry: false });
  return device !== undefined && device.gid !== 0 && (device.mode & 0o060) === 0o060 ? [device.gid] : [];
}

/** Returns a text that changes when other users may open /dev/kvm, or when this user may. */
export function kvmAccess(): string {
  const device = statSync(KVM_DEVICE, { throwIfNoEntry: false });
  if (device === undefined) return 'none';
  return [device.mode.toString(8), device.uid, device.gid, process.getuid?.(), process.getgroups?.()].join(' ');
}

/** Lets the group read an image's file, and nobody write it. */
async function giveToGroup(path: string, gid: number): Promise<void> {
  const found = await stat(path);
  if (found.gid === gid && (found.mode & 0o777) === FROZEN_FILE_MODE) return;
  await chown(path, found.uid, gid);
  await chmod(path, FROZEN_FILE_MODE);
}

/** Lets the machines of an image read its files, as far as needed. They write to none, nor does anybody else. */
export async function admitToImage(range: HostIdRange, image: GoldenImage): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { disk, memory } = image.manifest;
  const readable = [
    join(image.directory, disk),
    ...bootFilesOf(image.manifest).map((file) => join(image.baseDirectory, file)),
  ];
  await Promise.all(readable.map((path) => giveToGroup(path, imagesGroup(range))));
  if (memory === undefined) return;
  await giveToGroup(join(image.directory, memory.memory), memoryGroup(range, image));
}
