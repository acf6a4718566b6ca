import { expect, test } from '@jest/globals';
import { toJsValue } from '@vmgrid/classad';
import { plantAd } from '../src/plant-ad.ts';
import { lineReport } from './made-up-plants.ts';

test('a plant is described by what it has, what it uses and what it can do', () => {
  const ad = plantAd({
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
  });
  expect(toJsValue(ad)).toEqual({
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
