/** Golden images that are nothing but facts. */
import type { CompatibilityRecord } from '@vmgrid/protocol';
import type { ImageFacts, KnownImage, RanAction } from '../src/known-image.ts';

export const COMPATIBILITY: CompatibilityRecord = {
  vmm: 'qemu',
  vmmVersion: '8.2.2',
  accelerator: 'kvm',
  machineType: 'microvm',
  cpuModel: 'host',
  layout: 'devices-1',
};

export const historyOf = (...digests: readonly string[]): RanAction[] =>
  digests.map((digest, index) => ({ digest, id: `action-${index}`, survivesBoot: true }));

export const baseImage = (id: string, changes: Partial<ImageFacts> = {}): KnownImage => ({
  manifest: {
    id,
    machine: { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 1024 },
    line: 'qemu',
    createdAt: '2026-01-01T00:00:00Z',
    history: [],
    diskFormat: 'raw',
    boot: { layouts: ['devices-1'] },
    ...changes,
  },
});

export const suspendedImage = (id: string, changes: Partial<ImageFacts> = {}): KnownImage =>
  baseImage(id, { memory: {}, compatibility: COMPATIBILITY, ...changes });
