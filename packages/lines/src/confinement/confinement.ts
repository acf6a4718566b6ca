/**
 * Keeps hypervisors from changing golden images, beside the permissions of files, with two programs in C, which set-up
 * compiles. They are inherited as open files, because the folder of the install may be closed to a machine's user.
 */
import { access, type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { GridError } from '@vmgrid/protocol';

const NATIVE = join(import.meta.dirname, '../../../../dist/native');
const CONFINE = 'vmgrid-confine';
const READ_ONLY_MEMORY = 'read-only-memory.so';
/** The variable that names the file which QEMU is to open for reading alone; read-only-memory.c reads it. */
const READ_ONLY = 'VMGRID_READ_ONLY';
/** The working directory of a hypervisor is the one folder in which it may change something. */
const WORKING_DIRECTORY = '.';

/** How a program is started so that it is confined. */
export interface Confinement {
  /** The program and its arguments before those of the confined one. */
  readonly command: readonly string[];
  /** To be inherited as file descriptors from `firstDescriptor` on. The caller closes them. */
  readonly files: readonly FileHandle[];
  readonly environment: Readonly<Record<string, string>>;
}

/** @throws GridError TOOL_MISSING when this install has not been made completely */
export async function requireConfinement(folder = NATIVE): Promise<void> {
  for (const name of [CONFINE, READ_ONLY_MEMORY]) {
    await access(join(folder, name)).catch((error: unknown) => {
      throw notMade(join(folder, name), error);
    });
  }
}

/**
 * Opens what a hypervisor needs to be confined. `readOnly`: the file that it would open for writing, and is to open for
 * reading. @throws GridError TOOL_MISSING
 */
export async function confine(firstDescriptor: number, readOnly: string | undefined): Promise<Confinement> {
  const files: FileHandle[] = [];
  const inherited = async (name: string): Promise<string> => {
    files.push(await openNative(name));
    return `/proc/self/fd/${firstDescriptor + files.length - 1}`;
  };
  try {
    const program = await inherited(CONFINE);
    if (readOnly === undefined) return { command: [program, WORKING_DIRECTORY, ''], files, environment: {} };
    const command = [program, WORKING_DIRECTORY, await inherited(READ_ONLY_MEMORY)];
    return { command, files, environment: { [READ_ONLY]: readOnly } };
  } catch (error) {
    await Promise.all(files.map((file) => file.close()));
    throw error;
  }
}

async function openNative(name: string): Promise<FileHandle> {
  const path = join(NATIVE, name);
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw notMade(path, error);
  }
}

const notMade = (path: string, cause: unknown): GridError =>
  new GridError(
    'TOOL_MISSING',
    `${path} is missing, without which machines could change golden images; \`npm run bundle\` makes it, with gcc`,
    { program: path },
    { cause },
  );
