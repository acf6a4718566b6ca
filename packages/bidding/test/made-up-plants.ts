import type { ClassAd } from '@vmgrid/classad';
import type { LineReport, PlantSnapshot } from '@vmgrid/protocol';
import type { LineReports } from '../src/planner/ways-to-start.ts';
import { plantAd } from '../src/plant-ad.ts';
import { COMPATIBILITY } from './made-up-images.ts';

export const lineReport = (changes: Partial<LineReport> = {}): LineReport => ({
  line: 'qemu',
  available: true,
  reason: '',
  compatibility: COMPATIBILITY,
  restores: true,
  diskFormats: ['raw', 'qcow2'],
  ...changes,
});

export const reportsOf = (...reports: readonly LineReport[]): LineReports =>
  new Map(reports.map((report) => [report.line, report]));

/** The ad of a plant with so much memory for VMs, and so much of it given to them. */
export const adOf = (totalMiB: number, usedMiB: number, changes: Partial<PlantSnapshot> = {}): ClassAd =>
  plantAd({
    plantId: 'plant-1',
    version: '0.1.0',
    capacity: { memoryMiB: totalMiB, diskMiB: 100_000, cpusPerVm: 4, vms: 8 },
    usage: { memoryMiB: usedMiB, diskMiB: 0, vms: usedMiB / 256 },
    lines: [lineReport()],
    loadAverage: 0,
    guestNetwork: 'isolated',
    hostActions: [],
    imageCount: 1,
    draining: false,
    ...changes,
  });
