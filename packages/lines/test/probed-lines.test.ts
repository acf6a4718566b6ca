/** When the lines of a plant are tried, and what is made of it before KVM could be. */
import { expect, test } from '@jest/globals';
import { GridError } from '@vmgrid/protocol';
import { faultHere } from '../../vmplant/src/vms/fault-here.ts';
import type { GoldenImage } from '../../warehouse/src/images/manifest.ts';
import { baseDraft, COMPATIBILITY, suspendedDraft } from '../../warehouse/test/made-up-images.ts';
import { ProbedLines } from '../src/probed-lines.ts';
import type { ProductionLine } from '../src/production-line.ts';

const BASE: GoldenImage = {
  manifest: { version: 1, ...baseDraft('base'), files: [] },
  ...{ directory: '/images/base', baseDirectory: '/images/base' },
};

/** A plant with a line that runs guests under KVM, once it could try that, and as yet without images. */
async function emptyPlant() {
  const images = new Map<string, GoldenImage>();
  let probes = 0;
  const probe: ProductionLine['probe'] = async () => {
    probes += 1;
    const accelerator = images.size > 0 ? 'kvm' : 'tcg';
    return {
      ...{ line: 'qemu', available: true, reason: '', restores: true, diskFormats: ['raw', 'qcow2'] },
      compatibility: { ...COMPATIBILITY, accelerator },
    };
  };
  const line: ProductionLine = { ...NOTHING_ELSE, name: 'qemu', probe };
  const deps = {
    lines: new Map([['qemu', line]] as const),
    images: async () => images,
    log: { info: () => undefined },
  };
  const probed = await ProbedLines.probe(deps);
  return { images, probed, probes: () => probes };
}

const unasked = () => Promise.reject(new Error('not asked for'));
const NOTHING_ELSE = { createOverlay: unasked, start: unasked, adopt: unasked, kill: unasked };

const acceleratorOf = ({ reports }: ProbedLines) => reports.get('qemu')?.compatibility.accelerator;

test('the lines are tried as a plant starts, and once more when its first base image is there', async () => {
  const { images, probed, probes } = await emptyPlant();
  const { reports } = probed;
  await probed.look();
  expect([probes(), probed.triedKvm, acceleratorOf(probed)]).toEqual([1, false, 'tcg']);
  images.set('base', BASE);
  await probed.look();
  await probed.look();
  expect([probes(), probed.triedKvm, acceleratorOf(probed)]).toEqual([2, true, 'kvm']);
  expect(reports).toBe(probed.reports);
});

test('before KVM could be tried, an image that was suspended under it keeps its memory; afterwards by what was found', async () => {
  const { images, probed } = await emptyPlant();
  const made = (accelerator: string, more = {}) => ({
    ...{ version: 1 as const, files: [] },
    ...suspendedDraft('image', 'base', { compatibility: { ...COMPATIBILITY, accelerator, ...more } }),
  });
  const fault = faultHere(probed);
  expect([fault(made('kvm')), fault(made('tcg'))]).toEqual([undefined, undefined]);
  expect(fault(made('kvm', { cpuModel: 'another' }))).toContain('cpuModel was another');
  images.set('base', BASE);
  await probed.look();
  expect(fault(made('kvm'))).toBeUndefined();
  expect(fault(made('tcg'))).toContain('accelerator was tcg, here it is kvm');
});

test('a line that cannot even be tried is reported, with the reason, and the plant has the others', async () => {
  const failing: ProductionLine = {
    ...NOTHING_ELSE,
    name: 'libvirt',
    probe: () => Promise.reject(new GridError('LINE_UNAVAILABLE', 'it hangs')),
  };
  const working: ProductionLine = {
    ...{ ...NOTHING_ELSE, name: 'qemu' },
    probe: async () => ({
      ...{
        line: 'qemu',
        available: true,
        reason: '',
        restores: true,
        diskFormats: ['raw'],
        compatibility: COMPATIBILITY,
      },
    }),
  };
  const { reports } = await ProbedLines.probe({
    lines: new Map([
      ['libvirt', failing],
      ['qemu', working],
    ] as const),
    images: async () => new Map(),
    log: { info: () => undefined },
  });
  expect(reports.get('libvirt')).toMatchObject({ available: false, reason: expect.stringContaining('it hangs') });
  expect(reports.get('qemu')).toMatchObject({ available: true });
});
