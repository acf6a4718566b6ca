import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type BaseKind, type BaseOs, RELEASES } from './releases.ts';

/** Files that no action needs and every clone would carry. Licences stay. */
const DPKG_OPTIONS = [
  'path-exclude=/usr/share/doc/*',
  'path-include=/usr/share/doc/*/copyright',
  'path-exclude=/usr/share/man/*',
  'path-exclude=/usr/share/info/*',
  'path-exclude=/usr/share/locale/*',
  'path-include=/usr/share/locale/locale.alias',
] as const;

interface Kind {
  /** mmdebstrap's variant: `minbase` installs Debian; `extract` unpacks the named packages and their dependencies. */
  readonly variant: 'minbase' | 'extract';
  readonly packages: readonly string[];
  readonly dpkgOptions: readonly string[];
  /** The hook in which our own steps run. `extract` installs nothing, so its later hooks never run. */
  readonly hook: 'customize' | 'extract';
  /** The program inside the new root that runs the scripts. */
  readonly shell: readonly string[];
  /** The size of the disk unless another is asked for. */
  readonly diskMiB: number;
  /** Least memory with which it boots. */
  readonly memoryMiB: number;
}

/** Recommended packages are left out. */
const KINDS: Readonly<Record<BaseKind, Kind>> = {
  debian: {
    variant: 'minbase',
    packages: [
      ...['busybox-static', 'ca-certificates', 'dbus', 'e2fsprogs', 'iproute2', 'iputils-ping', 'kmod'],
      ...['linux-image-cloud-amd64', 'netbase', 'openssh-server', 'procps', 'qemu-guest-agent', 'systemd-sysv'],
      ...['udev', 'xz-utils'],
    ],
    dpkgOptions: DPKG_OPTIONS,
    hook: 'customize',
    shell: ['sh'],
    diskMiB: 2_048,
    memoryMiB: 128,
  },
  tiny: {
    variant: 'extract',
    packages: [
      'busybox-static',
      'dropbear-bin',
      'e2fsprogs',
      'kmod',
      'linux-image-cloud-amd64',
      'perl-base',
      'qemu-guest-agent',
    ],
    // Their files are removed all at once, which is faster.
    dpkgOptions: [],
    hook: 'extract',
    shell: ['/bin/busybox', 'sh'],
    diskMiB: 256,
    memoryMiB: 96,
  },
};

/**
 * The kernel's command line of a Debian base under QEMU. The i8042 options save a second of probing for a missing
 * keyboard; with `panic=1` a guest that cannot continue restarts instead of stopping.
 */
const COMMAND_LINE = [
  'root=/dev/vda rw quiet console=ttyS0 net.ifnames=0 panic=1',
  'systemd.show_status=0 random.trust_cpu=on cryptomgr.notests',
  '8250.nr_uarts=1 i8042.noaux i8042.nomux i8042.nopnp i8042.nokbd i8042.dumbkbd',
].join(' ');

/**
 * Device layouts that the initial RAM disk has drivers for (boot-files.sh lists them), or whose line brings its own.
 * The agent finds its port in all of them.
 */
const LAYOUTS = ['pc-virtio-agent-1', 'pc-virtio-scsi-1', 'uml-ubd-1'] as const;
/** The sources of the resident agent: the program that a compiler makes of them is not the same on all hosts. */
const AGENT_SOURCES = join(import.meta.dirname, '../../../../agent/src');
/** The program, as set-up makes it. */
export const AGENT_PROGRAM = join(import.meta.dirname, '../../../../dist/native/vmgrid-agent');

/** Everything that decides what a base image contains, except the package versions in the archive on that day. */
export interface Recipe extends Kind {
  readonly os: BaseOs;
  readonly suite: string;
  readonly commandLine: string;
  readonly layouts: readonly string[];
  /** Folders whose files are copied over the new root; root owns them all. */
  readonly rootfs: readonly string[];
  /** Shell scripts that run inside the new root, one after another. */
  readonly customize: readonly string[];
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

const beside = (name: string): string => join(import.meta.dirname, name);

/** Returns the recipe of an operating system's base image. */
export async function recipeFor(os: BaseOs): Promise<Recipe> {
  const { kind, suite } = RELEASES[os];
  const rootfs = [beside('shared-rootfs'), beside(`${kind}-rootfs`)];
  const customize = [beside('boot-files.sh'), beside(`${kind}.sh`)];
  const fixed = {
    ...{ os, suite, ...KINDS[kind] },
    ...{ commandLine: COMMAND_LINE, layouts: LAYOUTS },
  };
  const hash = createHash('sha256').update(JSON.stringify(fixed));
  const folders = await Promise.all([...rootfs, AGENT_SOURCES].map(filesBelow));
  for (const file of [...customize, ...folders.flat()]) {
    const name = relative(import.meta.dirname, file);
    hash.update(`\n${name}\n`).update(
      createHash('sha256')
        .update(await readFile(file))
        .digest(),
    );
  }
  return { ...fixed, rootfs, customize, digest: hash.digest('hex') };
}
