/**
 * UML's first root file system, which the host makes for its own kernel: the modules that reading a configuration disc
 * needs, and a static busybox. So a base image needs nothing of any particular UML.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import { TRIED } from '../trial-kernel.ts';
import { type CpioEntry, cpioArchive, FOLDER_MODE, PROGRAM_MODE } from './cpio.ts';

const BUSYBOX = '/bin/busybox';
const MODULES_FOLDER = '/usr/lib/uml/modules';
/** Reads configuration discs. Its dependencies are included. */
const MODULE = 'kernel/fs/isofs/isofs.ko';
/** The kernel's first program prints this on the console. */
const SIGN_OF_LIFE = 'vmgrid: the kernel is up';
/** The name by which a kernel finds it: `rdinit=/try`. */
export const TRY = '/try';

export const INIT = `#!/busybox sh
/busybox mount -t devtmpfs dev /dev
/busybox echo '${SIGN_OF_LIFE}' > /dev/console
while read -r module; do /busybox insmod "/modules/$module"; done < /modules/order
/busybox mount -t ext4 -o rw,noatime /dev/ubda /root || exit 1
/busybox mount -o move /dev /root/dev
exec /busybox switch_root /root /sbin/init
`;

const TRY_SCRIPT = `#!/busybox sh
/busybox echo '${TRIED}'
/busybox poweroff -f
`;

/**
 * Returns the modules in the order in which they must be loaded. In `modules.dep` each stands before its dependencies.
 */
function loadOrder(dependencies: string): readonly string[] {
  const line = dependencies.split('\n').find((one) => one.startsWith(`${MODULE}:`));
  const needed =
    line
      ?.slice(MODULE.length + 1)
      .trim()
      .split(/\s+/) ?? [];
  return [MODULE, ...needed.filter((one) => one !== '')].reverse();
}

/**
 * Writes it for a kernel's release. @throws GridError TOOL_MISSING without busybox, LINE_UNAVAILABLE without modules
 */
export async function writeInitrd(path: string, release: string): Promise<void> {
  const folder = join(MODULES_FOLDER, release);
  const order = loadOrder(await readNeeded(join(folder, 'modules.dep')).then(String));
  const modules = await Promise.all(
    order.map(
      async (module): Promise<CpioEntry> => ({
        ...fileAt(nameOf(module)),
        content: await readNeeded(join(folder, module)),
      }),
    ),
  );
  const archive = cpioArchive([
    ...['dev', 'root', 'modules'].map((name) => ({ name, mode: FOLDER_MODE })),
    { name: 'busybox', mode: PROGRAM_MODE, content: await readBusybox() },
    { name: 'init', mode: PROGRAM_MODE, content: Buffer.from(INIT) },
    { name: TRY.slice(1), mode: PROGRAM_MODE, content: Buffer.from(TRY_SCRIPT) },
    ...modules,
    { ...fileAt('order'), content: Buffer.from(`${order.map(nameOf).join('\n')}\n`) },
  ]);
  await writeFileAtomically(path, archive, 0o644);
}

const nameOf = (module: string): string => module.slice(module.lastIndexOf('/') + 1);
const fileAt = (name: string): CpioEntry => ({ name: `modules/${name}`, mode: 0o100644 });

async function readNeeded(path: string): Promise<Buffer> {
  return readFile(path).catch((cause: unknown) => {
    throw new GridError(
      'LINE_UNAVAILABLE',
      `${path} cannot be read; it is in the package user-mode-linux`,
      { path },
      { cause },
    );
  });
}

async function readBusybox(): Promise<Buffer> {
  return readFile(BUSYBOX).catch((cause: unknown) => {
    throw new GridError(
      'TOOL_MISSING',
      `${BUSYBOX} is not there; install the package busybox-static`,
      { path: BUSYBOX },
      { cause },
    );
  });
}
