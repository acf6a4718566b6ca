import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory } from '@vmgrid/daemon';
import { filesOf, freezeFile } from '../images/image-files.ts';
import type { Manifest } from '../images/manifest.ts';
import { validateManifest } from '../inventory/read-inventory.ts';
import type { Staging } from './staging.ts';

/** A manifest without the digests of its files. */
export type ManifestDraft = Omit<Manifest, 'files' | 'version'>;

export interface AssembleOptions {
  /** Called with the name of each step when it is done. */
  readonly reached: (step: string) => void;
  readonly signal: AbortSignal | undefined;
}

/**
 * Assembles a complete image in the staging's image folder, and writes it to the disk for good: its files, digested,
 * and its manifest. `reached` is called after each step. @throws GridError IMAGE_CORRUPT when the draft does not follow
 * the schema
 */
export async function assembleImage(
  { directory, imageDirectory }: Pick<Staging, 'directory' | 'imageDirectory'>,
  draft: ManifestDraft,
  { reached, signal }: AssembleOptions,
): Promise<Manifest> {
  const frame = validateManifest({ version: 1, ...draft, files: [] });
  const files: Manifest['files'] = [];
  for (const file of filesOf(frame)) {
    await rename(join(directory, file), join(imageDirectory, file));
    files.push(await freezeFile(imageDirectory, file, signal));
    reached('promote: file moved');
  }
  const manifest: Manifest = { ...frame, files };
  await writeFile(join(imageDirectory, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`, {
    mode: 0o644,
    flush: true,
  });
  await syncDirectory(imageDirectory);
  reached('promote: manifest written');
  return manifest;
}
