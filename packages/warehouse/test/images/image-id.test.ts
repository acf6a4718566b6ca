import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { digestFile } from '../../src/images/digest-file.ts';
import { imageIdOf } from '../../src/images/image-id.ts';
import { baseDraft, COMPATIBILITY, historyOf, suspendedDraft } from '../made-up-images.ts';

const directory = useTemporaryFolder();
const draft = suspendedDraft('any', 'base', { history: historyOf('a'.repeat(64), 'b'.repeat(64)) });

test('the id of an image is a name a folder may have', () => {
  expect(imageIdOf(draft)).toMatch(/^image-[0-9a-f]{20}$/);
});

test('who made an image, when and from which parent does not change its id', () => {
  const later = { ...draft, createdAt: '2027-01-01T00:00:00Z', createdBy: 'another', parent: 'another' };
  const slower = { ...later, history: draft.history.map((entry) => ({ ...entry, seconds: 9, id: 'renamed' })) };
  expect(imageIdOf(slower)).toBe(imageIdOf(draft));
  const reordered = Object.fromEntries(Object.entries(COMPATIBILITY).reverse()) as typeof COMPATIBILITY;
  expect(imageIdOf({ ...draft, compatibility: reordered })).toBe(imageIdOf(draft));
});

test('whatever makes another image of it changes its id', () => {
  const { compatibility: _, ...booted } = draft;
  const others = [
    booted,
    { ...draft, base: 'another' },
    { ...draft, line: 'uml' as const },
    { ...draft, history: [...draft.history].reverse() },
    { ...draft, history: draft.history.slice(1) },
    { ...draft, compatibility: { ...COMPATIBILITY, vmmVersion: '9.0.0' } },
    ...(['memoryMiB', 'cpus', 'diskMiB'] as const).map((field) => ({
      ...draft,
      machine: { ...draft.machine, [field]: 4096 },
    })),
    { ...draft, machine: { ...draft.machine, os: 'debian-13' } },
    { ...draft, madeFor: 'a use' },
    baseDraft('base'),
  ];
  const ids = [draft, ...others].map(imageIdOf);
  expect(new Set(ids).size).toBe(ids.length);
});

test('the digest of a file is its SHA-256', async () => {
  const file = join(directory(), 'file');
  await writeFile(file, 'abc');
  expect(await digestFile(file)).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});
