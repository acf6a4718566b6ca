/** A base image for tests, built once and kept, and folders for machines. Both where users other than root can reach them. */
import { chmod, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BuiltBase, baseImageId, buildBase } from '../../packages/vmplant/src/base/build-base.ts';
import type { GoldenImage, Manifest } from '../../packages/vmplant/src/warehouse/manifest.ts';

const BUILT_FILE = 'built.json';

/** Folder for all that tests keep: `VMGRID_HOME`, or where a plant would keep it. */
export function testHome(): string {
  if (process.env.VMGRID_HOME !== undefined) return process.env.VMGRID_HOME;
  return process.getuid?.() === 0 ? '/var/lib/vmgrid' : join(tmpdir(), `vmgrid-${process.getuid?.()}`);
}

/** A new folder below the home that other users can traverse; the caller removes it. */
export async function testFolder(name: string): Promise<string> {
  const parent = join(testHome(), 'test');
  await mkdir(parent, { recursive: true, mode: 0o755 });
  const folder = await mkdtemp(join(parent, `${name}-`));
  await chmod(folder, 0o755);
  return folder;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Builds beside the final place and renames: two test processes may do this at once. */
async function buildInto(directory: string, signal: AbortSignal): Promise<void> {
  const work = await testFolder('base');
  try {
    const built = await buildBase({ os: 'debian-12', directory: work, signal });
    await writeFile(join(work, BUILT_FILE), JSON.stringify(built));
    await rename(work, directory).catch(async (error: unknown) => {
      if (!(await exists(directory))) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

export function baseManifest(built: BuiltBase): Manifest {
  const { id, machine, disk, diskFormat, boot } = built;
  return {
    ...{ version: 1, id, machine, line: 'qemu', createdAt: new Date(0).toISOString(), createdBy: 'test' },
    ...{ history: [], disk, diskFormat, boot, base: id, files: [] },
  };
}

/** The base image of Debian 12, built at the first call on this host: about half a minute. */
export async function testBase(signal: AbortSignal): Promise<GoldenImage> {
  const parent = join(testHome(), 'test-warehouse');
  await mkdir(parent, { recursive: true, mode: 0o755 });
  const directory = join(parent, await baseImageId('debian-12'));
  if (!(await exists(directory))) await buildInto(directory, signal);
  const built = JSON.parse(await readFile(join(directory, BUILT_FILE), 'utf8')) as BuiltBase;
  return { manifest: baseManifest(built), directory, baseDirectory: directory };
}
