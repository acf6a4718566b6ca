import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BaseOs, RELEASES } from './releases.ts';

/** Beside Debian's `minbase`. Recommended packages are left out. */
const PACKAGES = [
  'busybox-static',
  'ca-certificates',
  'dbus',
  'e2fsprogs',
  'iproute2',
  'iputils-ping',
  'kmod',
  'linux-image-cloud-amd64',
  'netbase',
  'openssh-server',
  'procps',
  'qemu-guest-agent',
  'systemd-sysv',
  'udev',
  'xz-utils',
] as const;

/** What no action needs and every clone would carry; licences stay. */
const DPKG_OPTIONS = [
  'path-exclude=/usr/share/doc/*',
  'path-include=/usr/share/doc/*/copyright',
  'path-exclude=/usr/share/man/*',
  'path-exclude=/usr/share/info/*',
  'path-exclude=/usr/share/locale/*',
  'path-include=/usr/share/locale/locale.alias',
] as const;

/**
 * Kernel command line of a Debian base under QEMU. The i8042 options spare a second of probing for a keyboard
 * that is not there; with `panic=1` a guest that cannot go on starts anew instead of standing still.
 */
const COMMAND_LINE = [
  'root=/dev/vda rw quiet console=ttyS0 net.ifnames=0 panic=1',
  'systemd.show_status=0 random.trust_cpu=on cryptomgr.notests',
  '8250.nr_uarts=1 i8042.noaux i8042.nomux i8042.nopnp i8042.nokbd i8042.dumbkbd',
].join(' ');

/** Device layouts for which the initial RAM disk has the drivers (customize.sh lists them). */
const LAYOUTS = ['pc-virtio-scsi-1'] as const;

/** All that decides what a base image contains, but for the versions the package archive has on the day. */
export interface Recipe {
  readonly os: BaseOs;
  readonly suite: string;
  readonly packages: readonly string[];
  readonly dpkgOptions: readonly string[];
  readonly commandLine: string;
  readonly layouts: readonly string[];
  /** Folder of files copied over the new root, all owned by root. */
  readonly rootfs: string;
  /** Shell script run inside the new root. */
  readonly customize: string;
  /** SHA-256 over all of the above, in hexadecimal. */
  readonly digest: string;
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** The recipe of an operating system's base image. */
export async function recipeFor(os: BaseOs): Promise<Recipe> {
  const rootfs = join(import.meta.dirname, 'rootfs');
  const customize = join(import.meta.dirname, 'customize.sh');
  const fixed = {
    os,
    suite: RELEASES[os],
    packages: PACKAGES,
    dpkgOptions: DPKG_OPTIONS,
    commandLine: COMMAND_LINE,
    layouts: LAYOUTS,
  };
  const hash = createHash('sha256').update(JSON.stringify(fixed));
  for (const file of [customize, ...(await filesBelow(rootfs))]) {
    const name = file.slice(import.meta.dirname.length);
    hash.update(`\n${name}\n`).update(
      createHash('sha256')
        .update(await readFile(file))
        .digest(),
    );
  }
  return { ...fixed, rootfs, customize, digest: hash.digest('hex') };
}
