/** Golden images without a machine in them. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, rename, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { COMPATIBILITY } from '../../bidding/test/made-up-images.ts';
import { bootFilesOf } from '../src/images/image-files.ts';
import type { GoldenImage, HistoryEntry, Manifest } from '../src/images/manifest.ts';
import type { ManifestDraft } from '../src/making/assemble.ts';
import type { Warehouse } from '../src/warehouse.ts';

export { COMPATIBILITY };

export const historyOf = (...digests: readonly string[]): HistoryEntry[] =>
  digests.map((digest, index) => ({
    digest,
    id: `action-${index}`,
    kind: 'script',
    seconds: 1,
    ranAt: '2026-01-01T00:00:00Z',
    survivesBoot: true,
  }));

export function baseDraft(id: string, changes: Partial<ManifestDraft> = {}): ManifestDraft {
  return {
    id,
    machine: { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 1024 },
    line: 'qemu',
    createdAt: '2026-01-01T00:00:00Z',
    createdBy: 'test',
    history: [],
    disk: 'disk.raw',
    diskFormat: 'raw',
    boot: { kernel: 'vmlinuz', initrd: 'initrd.img', commandLine: 'quiet', layouts: ['devices-1'] },
    base: id,
    ...changes,
  };
}

export function suspendedDraft(id: string, base: string, changes: Partial<ManifestDraft> = {}): ManifestDraft {
  return baseDraft(id, {
    base,
    parent: base,
    disk: 'disk.qcow2',
    diskFormat: 'qcow2',
    memory: { memory: 'memory.bin', state: 'device.state' },
    compatibility: COMPATIBILITY,
    ...changes,
  });
}

/** Names of the files that a draft wants, each with its own made-up content. */
export function contentsOf(draft: ManifestDraft): Readonly<Record<string, string>> {
  const memory = draft.memory ? [draft.memory.memory, draft.memory.state] : [];
  const boot = draft.base === draft.id ? bootFilesOf(draft) : [];
  return Object.fromEntries([draft.disk, ...memory, ...boot].map((file) => [file, `${file} of ${draft.id}\n`]));
}

export async function promote(warehouse: Warehouse, draft: ManifestDraft): Promise<GoldenImage> {
  const staging = await warehouse.claims.stage();
  try {
    for (const [file, content] of Object.entries(contentsOf(draft))) {
      await writeFile(join(staging.directory, file), content);
    }
    return await warehouse.claims.promote(staging, draft);
  } finally {
    await staging.discard();
  }
}

/** Promotes with disks that qemu-img knows; the machine's disk has 64 MiB. */
export async function promoteReal(
  warehouse: Warehouse,
  draft: ManifestDraft,
  content: string,
  diskBytes = 1_048_576,
): Promise<void> {
  const staging = await warehouse.claims.stage();
  const file = (name: string) => join(staging.directory, name);
  for (const name of ['vmlinuz', 'initrd.img', 'memory.bin', 'device.state'])
    await writeFile(file(name), name + content);
  if (draft.diskFormat === 'raw') {
    await writeFile(file(draft.disk), content);
    await truncate(file(draft.disk), diskBytes);
  } else {
    const backing = ['-b', `../${draft.parent}/disk.${draft.parent === 'base' ? 'raw' : 'qcow2'}`];
    const format = draft.parent === 'base' ? 'raw' : 'qcow2';
    execFileSync('qemu-img', ['create', '-q', '-u', '-f', 'qcow2', '-F', format, ...backing, file(draft.disk), '64M']);
  }
  await warehouse.claims.promote(staging, draft);
  await staging.discard();
}

/** The manifest that the promotion of a draft writes. */
export const manifestOf = (draft: ManifestDraft): Manifest => ({
  version: 1,
  ...draft,
  files: Object.entries(contentsOf(draft)).map(([file, content]) => ({
    file,
    sha256: createHash('sha256').update(content).digest('hex'),
    bytes: content.length,
  })),
});

/** An image in memory only. */
export const imageOf = (draft: ManifestDraft): GoldenImage => ({
  manifest: manifestOf(draft),
  directory: `/images/${draft.id}`,
  baseDirectory: `/images/${draft.base}`,
});

/** Puts an image into a warehouse from outside, by a rename as the store does, but without waiting for the disk. */
export async function putImage(directory: string, draft: ManifestDraft): Promise<void> {
  const folder = join(directory, `putting-${draft.id}`);
  await mkdir(folder);
  for (const [file, content] of Object.entries(contentsOf(draft))) await writeFile(join(folder, file), content);
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifestOf(draft)));
  await rename(folder, join(directory, 'images', draft.id));
}
