import { describe, expect, test } from '@jest/globals';
import { type Action, type Dag, digestAction } from '@vmgrid/dag';
import type { MachineSpec } from '@vmgrid/protocol';
import fc from 'fast-check';
import { type Durations, durationKey } from '../../src/durations.ts';
import type { KnownImage } from '../../src/known-image.ts';
import { ImageIndex } from '../../src/planner/image-index.ts';
import type { Option } from '../../src/planner/options.ts';
import { planMachine, summarizePlan } from '../../src/planner/plan.ts';
import { ASSUMED_SECONDS } from '../../src/planner/prices.ts';
import { surveyImages } from '../../src/planner/survey.ts';
import { baseImage, COMPATIBILITY, historyOf, suspendedImage } from '../made-up-images.ts';
import { lineReport, reportsOf } from '../made-up-plants.ts';

const machine: MachineSpec = { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 2048 };
const script = (id: string): Action => ({ kind: 'script', id, script: `do ${id}` });
const digestOf = (id: string) => digestAction(script(id));
const chain: Dag = {
  actions: ['a', 'b', 'c'].map(script),
  edges: [
    { from: 'a', to: 'b' },
    { from: 'b', to: 'c' },
  ],
};
const suspended = (id: string, ...ids: readonly string[]) =>
  suspendedImage(id, { history: historyOf(...ids.map(digestOf)) });
const base = baseImage('base');
const lines = reportsOf(lineReport());

const learnt = (seconds: Readonly<Record<string, number>> = {}): Durations => ({
  expect: (...keys) => keys.map((key) => seconds[key]).find((value) => value !== undefined),
  least: () => 0,
});
const planWith = (images: readonly KnownImage[], durations = learnt(), dag = chain) =>
  planMachine({ machine, dag }, { images: ImageIndex.of(images), lines, durations });
const surveyed = (images: readonly KnownImage[], durations = learnt(), dag = chain) =>
  surveyImages({ machine, dag }, { images, lines, durations });
const showOption = ({ image, start, expectedMicros }: Option) =>
  `${start} ${image.manifest.id}: ${expectedMicros / 1e6} s`;
const optionsOf = (images: readonly KnownImage[], durations = learnt()) =>
  surveyed(images, durations).options.map(showOption);

test('every start of every candidate is an option, the soonest ready first', () => {
  expect(optionsOf([base, suspended('nearer', 'a', 'b'), suspended('farther', 'a')])).toEqual([
    'restore nearer: 2.5 s',
    'restore farther: 4.5 s',
    'boot nearer: 17 s',
    'boot farther: 19 s',
    'boot base: 21 s',
  ]);
});

test('images that do not match are misses, with their test', () => {
  const { options, misses } = surveyed([suspended('other', 'x'), suspended('late', 'b'), base]);
  expect(options.map(showOption)).toEqual(['boot base: 21 s']);
  expect(misses.map(({ imageId, test: failed }) => [imageId, failed])).toEqual([
    ['other', 'subset'],
    ['late', 'prefix'],
  ]);
});

test('an empty warehouse gives no plan, no option and no miss', () => {
  expect(planWith([])).toBeUndefined();
  expect(surveyed([])).toEqual({ options: [], misses: [] });
});

test('a plan keeps what a machine is made from', () => {
  const image = suspended('nearer', 'a', 'b');
  expect(planWith([image])).toEqual({
    image,
    line: 'qemu',
    start: 'restore',
    isCoarse: false,
    undecided: 0,
    cached: ['a', 'b'],
    remaining: [script('c')],
    startSeconds: 0.5,
    expectedSeconds: 2.5,
    alternatives: [{ image, line: 'qemu', start: 'boot', startMicros: 15e6, expectedMicros: 17e6 }],
  });
});

test('a plan names the next best options, among them the best with the other start', () => {
  const images = [...['a1', 'a2', 'a3', 'a4', 'a5'].map((id) => suspended(id, 'a')), base];
  const plan = planWith(images)!;
  expect([plan.image.manifest.id, plan.start]).toEqual(['a1', 'restore']);
  expect(plan.alternatives.map(showOption)).toEqual(['restore a2: 4.5 s', 'restore a3: 4.5 s', 'boot a1: 19 s']);
});

describe('of two lines that could make the machine, the one that is expected sooner does', () => {
  const uml = lineReport({
    ...{ line: 'uml', restores: false, diskFormats: ['raw'] },
    compatibility: { ...COMPATIBILITY, vmm: 'uml', layout: 'uml-1' },
  });
  const image = suspendedImage('image', {
    history: historyOf(...['a', 'b', 'c'].map(digestOf)),
    boot: { layouts: ['devices-1', 'uml-1'] },
  });
  const waysWith = (restoreSeconds: number, bootSeconds: number, spec: Partial<MachineSpec> = {}) => {
    const durations = learnt({
      [durationKey.start('restore', 'qemu', 'image')]: restoreSeconds,
      [durationKey.start('boot', 'qemu', 'image')]: 15,
      [durationKey.start('boot', 'uml', 'image')]: bootSeconds,
    });
    const request = { machine: { ...machine, ...spec }, dag: chain };
    const plan = planMachine(request, {
      images: ImageIndex.of([image]),
      lines: reportsOf(lineReport(), uml),
      durations,
    })!;
    const { alternatives = [], ...told } = summarizePlan(plan);
    const ways = [plan, ...plan.alternatives].map(({ line, start }) => `${start} on ${line}`);
    expect([told, ...alternatives].map(({ line, start }) => `${start} on ${line}`)).toEqual(ways);
    return ways;
  };

  test('a restore where a boot of the other line takes longer', () => {
    expect(waysWith(0.5, 1)).toEqual(['restore on qemu', 'boot on uml', 'boot on qemu']);
  });

  test('a boot where the other line takes longer to restore', () => {
    expect(waysWith(1.5, 1)).toEqual(['boot on uml', 'restore on qemu', 'boot on qemu']);
  });

  test('unless the request says which line', () => {
    expect(waysWith(1.5, 1, { line: 'qemu' })).toEqual(['restore on qemu', 'boot on qemu']);
    expect(waysWith(0.5, 1, { line: 'uml' })).toEqual(['boot on uml']);
  });
});

describe('with learnt durations', () => {
  test('booting a nearer image beats restoring a farther one when that is sooner', () => {
    const booted = baseImage('nearer', { history: historyOf(...['a', 'b'].map(digestOf)) });
    const images = [suspended('farther', 'a'), booted];
    expect(optionsOf(images)[0]).toBe('restore farther: 4.5 s');
    const durations = learnt({
      [durationKey.start('boot', 'qemu', 'nearer')]: 3,
      [durationKey.start('restore', 'qemu', 'farther')]: 0.25,
      [durationKey.action(digestOf('b'))]: 60,
      [durationKey.action(digestOf('c'))]: 1,
    });
    expect(optionsOf(images, durations)).toEqual([
      'boot nearer: 4 s',
      'restore farther: 61.25 s',
      'boot farther: 76 s',
    ]);
    expect(planWith(images, durations)).toMatchObject({ image: booted, start: 'boot', expectedSeconds: 4 });
    expect(planWith(images, durations)!.alternatives.map(showOption)).toContain('restore farther: 61.25 s');
  });

  test('booting an image beats restoring the same one when that is sooner', () => {
    const durations = learnt({ 'restore:qemu:image': 9, 'boot:qemu:image': 4 });
    expect(planWith([suspended('image')], durations)).toMatchObject({ start: 'boot', startSeconds: 4 });
  });

  test('an image never started before is expected to start as others of its line did', () => {
    const durations = learnt({
      [durationKey.startOfLine('restore', 'qemu')]: 0.25,
      [durationKey.start('restore', 'qemu', 'known')]: 0.75,
    });
    const [unknown, known] = [suspended('unknown', 'a', 'b', 'c'), suspended('known', 'a', 'b', 'c')];
    expect(optionsOf([known, unknown], durations).slice(0, 2)).toEqual([
      'restore unknown: 0.25 s',
      'restore known: 0.75 s',
    ]);
  });

  test('what was never measured is assumed by its kind', () => {
    const dag: Dag = {
      actions: [
        script('script'),
        { kind: 'file', id: 'file', path: '/etc/motd', content: 'hello' },
        { kind: 'package', id: 'package', packages: ['octave-cli'] },
        { kind: 'host', id: 'host', name: 'register-dns' },
      ],
    };
    const { boot, script: scripts, file, package: packages, host } = ASSUMED_SECONDS;
    expect(planWith([base], learnt(), dag)?.expectedSeconds).toBeCloseTo(boot + scripts + file + packages + host, 10);
  });
});

test('ties of one age go to the image whose id comes first, whatever the order of the warehouse', () => {
  const images = ['c', 'a', 'd', 'b'].map((id) => suspended(id, 'a'));
  fc.assert(
    fc.property(fc.shuffledSubarray(images, { minLength: 4 }), (shuffled) => {
      const starts = surveyed(shuffled).options.map(({ image, start }) => `${start} ${image.manifest.id}`);
      expect(starts).toEqual(
        ['restore', 'boot'].flatMap((start) => ['a', 'b', 'c', 'd'].map((id) => `${start} ${id}`)),
      );
      expect(planWith(shuffled)?.image.manifest.id).toBe('a');
    }),
  );
});

test('of images equal in time the newer one is taken', () => {
  const made = (id: string, createdAt: string) => {
    const image = suspended(id);
    return { ...image, manifest: { ...image.manifest, createdAt } };
  };
  const images = [
    made('a', '2026-01-01T00:00:00Z'),
    made('b', '2026-03-01T00:00:00Z'),
    made('c', '2026-02-01T00:00:00Z'),
  ];
  expect(
    surveyed(images)
      .options.slice(0, 3)
      .map(({ image }) => image.manifest.id),
  ).toEqual(['b', 'c', 'a']);
  expect(planWith(images)?.image.manifest.id).toBe('b');
});

test('of a restore and a boot that are expected to take as long the restore comes first', () => {
  const durations = learnt({ 'restore:qemu:image': 1, 'boot:qemu:image': 1 });
  expect(planWith([suspended('image')], durations)?.start).toBe('restore');
});

test('the remaining actions are in an order that the DAG allows', () => {
  const dag: Dag = { actions: [...chain.actions].reverse(), edges: chain.edges! };
  expect(planWith([base], learnt(), dag)?.remaining.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
});

test('an action listed twice is cached once for each time it ran', () => {
  const twice: Dag = { actions: [script('a'), { ...script('a'), id: 'again' }] };
  const images = [suspended('once', 'a'), suspended('thrice', 'a', 'a', 'a')];
  const plan = planWith(images, learnt(), twice)!;
  expect([plan.cached.length, plan.remaining.length]).toEqual([1, 1]);
  expect(surveyed(images, learnt(), twice).misses.map(({ imageId, test: failed }) => [imageId, failed])).toEqual([
    ['thrice', 'subset'],
  ]);
});

test('a plan in numbers is rounded to milliseconds', () => {
  const durations = learnt({ 'restore:qemu:nearer': 0.123456 });
  expect(summarizePlan(planWith([suspended('nearer', 'a', 'b')], durations)!)).toEqual({
    imageId: 'nearer',
    line: 'qemu',
    start: 'restore',
    actionsCached: 2,
    actionsLeft: 1,
    expectedSeconds: 2.123,
    alternatives: [{ imageId: 'nearer', line: 'qemu', start: 'boot', actionsCached: 2, expectedSeconds: 17 }],
  });
});
