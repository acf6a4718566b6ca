import { expect, test } from '@jest/globals';
import { toJsValue } from '@vmgrid/classad';
import { adToJson } from '@vmgrid/protocol';
import fc from 'fast-check';
import { plantAd, plantAdJson } from '../src/plant-ad.ts';
import { lineReport } from './made-up-plants.ts';

const plant = {
  plantId: 'plant-1',
  version: '0.1.0',
  capacity: { memoryMiB: 1024, diskMiB: 10_000, cpusPerVm: 4, vms: 8 },
  usage: { memoryMiB: 256, diskMiB: 2048, vms: 1 },
  lines: [lineReport(), lineReport({ line: 'uml', available: false, reason: 'no linux.uml' })],
  loadAverage: 0.25,
  guestNetwork: 'isolated',
  hostActions: ['register-dns'],
  imageCount: 3,
  draining: false,
};

test('a plant is described by what it has, what it uses and what it can do', () => {
  expect(toJsValue(plantAd(plant))).toEqual({
    MyType: 'Plant',
    Name: 'plant-1',
    Version: '0.1.0',
    Arch: 'x86_64',
    TotalMemoryMiB: 1024,
    UsedMemoryMiB: 256,
    FreeMemoryMiB: 768,
    TotalDiskMiB: 10_000,
    UsedDiskMiB: 2048,
    FreeDiskMiB: 7952,
    CpusPerVm: 4,
    MaxVms: 8,
    VmCount: 1,
    LoadAverage: 0.25,
    Lines: ['qemu'],
    Accelerators: ['kvm'],
    GuestNetwork: 'isolated',
    HostActions: ['register-dns'],
    ImageCount: 3,
    Draining: false,
    RecentFailures: 0,
  });
});

test('what messages carry of a plant is its ad, also text that looks like an expression and numbers past 2^53', () => {
  const text = fc.constantFrom('isolated', '/Expr(1 + 1)/', '/', '');
  const count = fc.constantFrom(0, 8, 2 ** 53, 2 ** 60);
  fc.assert(
    fc.property(text, text, count, (guestNetwork, hostAction, imageCount) => {
      const one = { ...plant, guestNetwork, hostActions: [hostAction], imageCount };
      expect(plantAdJson(one, 'qemu')).toEqual(adToJson(plantAd(one).with('Line', 'qemu')));
    }),
  );
});
