import { chmod, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool } from '@vmgrid/host';
import type { MachineSpec } from '@vmgrid/protocol';
import type { Manifest } from '@vmgrid/warehouse';
import { copyOut } from './copy-out.ts';
import { AGENT_PROGRAM, type Recipe, recipeFor } from './recipe.ts';
import type { BaseOs } from './releases.ts';

/** Downloads take most of it. */
const BUILD_DEADLINE_MS = 60 * 60_000;
const FILES = { disk: 'disk.raw', kernel: 'vmlinuz', initrd: 'initrd.img' } as const;

export interface BaseProgress {
  readonly phase: 'packages' | 'disk';
  /** The output of the tool that runs. */
  readonly text: string;
}

export interface BaseOrder {
  readonly os: BaseOs;
  /** An empty folder, which becomes the image's. Users other than the builder must be able to traverse its parents. */
  readonly directory: string;
  readonly diskMiB?: number;
  readonly onProgress?: (progress: BaseProgress) => void;
  readonly signal: AbortSignal;
}

/** The content of a base image's manifest; file names are relative to the order's folder. */
export interface BuiltBase {
  /** `base-<os>-<first 12 digits of the recipe>`: a changed recipe is a new image. */
  readonly id: string;
  readonly recipe: string;
  readonly machine: MachineSpec;
  readonly disk: string;
  readonly diskFormat: 'raw';
  readonly boot: Manifest['boot'];
}

/** Returns the id under which the base image of an operating system is stored, without building it. */
export async function baseImageId(os: BaseOs): Promise<string> {
  return idOf(await recipeFor(os));
}

const idOf = (recipe: Recipe): string => `base-${recipe.os}-${recipe.digest.slice(0, 12)}`;

/**
 * Builds a base image: a sparse ext4 disk without partitions, and the kernel and initial RAM disk that boot it. It
 * works as root, or as a user with subordinate ids (`/etc/subuid`), and needs Debian's package archive. Throws
 * BASE_BUILD_FAILED with the last output of the tool that failed; after that, and on abort, the folder is empty again.
 */
export async function buildBase(order: BaseOrder): Promise<BuiltBase> {
  const recipe = await recipeFor(order.os);
  if ((await readdir(order.directory)).length > 0) throw new Error(`the folder ${order.directory} is not empty`);
  const diskMiB = order.diskMiB ?? recipe.diskMiB;
  try {
    await makeFiles(order, recipe, diskMiB);
  } catch (error) {
    await emptyFolder(order.directory);
    throw error;
  }
  return {
    id: idOf(recipe),
    recipe: recipe.digest,
    machine: { arch: 'x86_64', os: order.os, memoryMiB: recipe.memoryMiB, cpus: 1, diskMiB },
    disk: FILES.disk,
    diskFormat: 'raw',
    boot: {
      kernel: FILES.kernel,
      initrd: FILES.initrd,
      commandLine: recipe.commandLine,
      layouts: [...recipe.layouts],
    },
  };
}

async function makeFiles(order: BaseOrder, recipe: Recipe, diskMiB: number): Promise<void> {
  const root = process.getuid?.() === 0;
  if (!root) await requireUserNamespaces(order.signal);
  const out = join(order.directory, 'out');
  await mkdir(out);
  // Without root the hooks run under a subordinate user id.
  if (!root) await chmod(out, 0o777);
  const environment = {
    ...process.env,
    // Skips the distribution's own initial RAM disk: the kernel's hooks make none when told so.
    INITRD: 'No',
    VMGRID_ROOTFS: recipe.rootfs.join(' '),
    VMGRID_AGENT: AGENT_PROGRAM,
    VMGRID_CUSTOMIZE: recipe.customize.join(' '),
    VMGRID_SHELL: recipe.shell.join(' '),
    VMGRID_OUT: out,
    VMGRID_DISK_MIB: String(diskMiB),
    ...(root ? { TMPDIR: order.directory } : {}),
  };
  const args = debstrapArguments(recipe, root ? 'root' : 'unshare');
  let phase: BaseProgress['phase'] = 'packages';
  const onLine = (text: string): void => {
    if (text.startsWith('vmgrid:')) phase = 'disk';
    order.onProgress?.({ phase, text });
  };
  const failure = {
    code: 'BASE_BUILD_FAILED',
    message: `building the base image of ${order.os} (${diskMiB} MiB)`,
    details: { os: order.os, diskMiB },
  } as const;
  await runTool('mmdebstrap', args, {
    signal: order.signal,
    timeoutMs: BUILD_DEADLINE_MS,
    environment,
    onLine,
    failure,
  });
  for (const file of Object.values(FILES)) {
    const [from, to] = [join(out, file), join(order.directory, file)];
    // Under another user than root, they were made under a subordinate id.
    await (root ? rename(from, to) : copyOut(from, to, { signal: order.signal, failure }));
  }
  await rm(out, { recursive: true });
}

/** Tries what mmdebstrap does, because its own error messages name neither everything that is missing nor a remedy. */
async function requireUserNamespaces(signal: AbortSignal): Promise<void> {
  const message = [
    'without root, building a base image takes user namespaces, newuidmap (package uidmap), and subordinate ids',
    'in /etc/subuid and /etc/subgid (usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER)',
  ].join(' ');
  const failure = { code: 'BASE_BUILD_FAILED', message } as const;
  await runTool('unshare', ['--user', '--map-auto', '--map-root-user', 'true'], { signal, failure });
}

/**
 * Hooks are shell commands that run outside the new root, with its path as `$1`. Lists are in variables, separated by
 * blanks. The disk is made from a bind mount of that path, because a plain bind mount does not include the /proc and
 * /dev mounted below it.
 */
const COPY_HOOK = [
  'set -e',
  'for folder in $VMGRID_ROOTFS; do',
  '  tar --owner=0 --group=0 --mode=u=rwX,go=rX -C "$folder" -c . | tar -C "$1" --no-overwrite-dir --no-same-permissions -x',
  'done',
  'cat "$VMGRID_AGENT" > "$1/usr/local/lib/vmgrid/vmgrid-agent"',
].join('\n');
const CUSTOMIZE_HOOK = [
  'set -e',
  'cat $VMGRID_CUSTOMIZE | chroot "$1" $VMGRID_SHELL',
  'cp "$1/vmgrid-boot/vmlinuz" "$1/vmgrid-boot/initrd.img" "$VMGRID_OUT"',
  'rm -rf "$1/vmgrid-boot"',
  'chmod 644 "$VMGRID_OUT"/*',
].join('\n');
const DISK_HOOK = [
  'set -e',
  'echo "vmgrid: writing the disk"',
  'rm -rf "$1"/tmp/* "$1"/var/tmp/* "$1"/run/*',
  'truncate -s "$' + '{VMGRID_DISK_MIB}M" "$VMGRID_OUT/disk.raw"',
  'unshare --mount sh -ec \'mount --bind "$1" /mnt; exec mke2fs -q -F -t ext4 -L vmgrid -m 1 -d /mnt "$VMGRID_OUT/disk.raw"\' sh "$1"',
].join('\n');

function debstrapArguments(recipe: Recipe, mode: 'root' | 'unshare'): string[] {
  return [
    `--mode=${mode}`,
    `--variant=${recipe.variant}`,
    '--format=null',
    // The disk is made before the clean-up would run. What the clean-up looks for in /tmp is gone by then, and it would
    // clean the host.
    '--skip=cleanup',
    `--include=${recipe.packages.join(',')}`,
    ...recipe.dpkgOptions.map((option) => `--dpkgopt=${option}`),
    ...[COPY_HOOK, CUSTOMIZE_HOOK, DISK_HOOK].map((hook) => `--${recipe.hook}-hook=${hook}`),
    recipe.suite,
    '-',
  ];
}

async function emptyFolder(folder: string): Promise<void> {
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true, force: true });
}
