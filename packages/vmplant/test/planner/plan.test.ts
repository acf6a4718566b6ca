import { describe, expect, test } from '@jest/globals';
import { type Action, type Dag, digestAction } from '@vmgrid/dag';
import type { MachineSpec } from '@vmgrid/protocol';
import fc from 'fast-check';
import { type Durations, durationKey } from '../../src/durations.ts';
import { ASSUMED_SECONDS, type Plan, planMachine, summarizePlan } from '../../src/planner/plan.ts';
import type { GoldenImage } from '../../src/warehouse/manifest.ts';
import { baseDraft, historyOf, imageOf, suspendedDraft } from '../made-up-images.ts';
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
  imageOf(suspendedDraft(id, 'base', { history: historyOf(...ids.map(digestOf)) }));
const base = imageOf(baseDraft('base'));
const lines = reportsOf(lineReport());

const learnt = (seconds: Readonly<Record<string, number>> = {}): Durations => ({
  expect: (...keys) => keys.map((key) => seconds[key]).find((value) => value !== undefined),
});
const planWith = (images: readonly GoldenImage[], durations = learnt(), dag = chain) =>
  planMachine({ machine, dag }, images, lines, durations);
const show = ({ image, start, cached, remaining, expectedSeconds }: Plan) =>
  `${start} ${image.manifest.id}, cached ${cached.join('')}, left ${remaining.map(({ id }) => id).join('')}: ${expectedSeconds} s`;

test('every start of every candidate is a plan, the soonest ready first', () => {
  expect(planWith([base, suspended('nearer', 'a', 'b'), suspended('farther', 'a')]).plans.map(show)).toEqual([
    'restore nearer, cached ab, left c: 2.5 s',
    'restore farther, cached a, left bc: 4.5 s',
    'boot nearer, cached ab, left c: 17 s',
    'boot farther, cached a, left bc: 19 s',
    'boot base, cached , left abc: 21 s',
  ]);
});

test('images that do not match are misses, with their test', () => {
  const { plans, misses } = planWith([suspended('other', 'x'), suspended('late', 'b'), base]);
  expect(plans.map(show)).toEqual(['boot base, cached , left abc: 21 s']);
  expect(misses.map(({ imageId, test: failed }) => [imageId, failed])).toEqual([
    ['other', 'subset'],
    ['late', 'prefix'],
  ]);
});

test('an empty warehouse gives no plan and no miss', () => {
  expect(planWith([])).toEqual({ plans: [], misses: [] });
});

test('a plan keeps what a machine is made from', () => {
  const image = suspended('nearer', 'a', 'b');
  expect(planWith([image]).plans[0]).toEqual({
    image,
    line: 'qemu',
    start: 'restore',
    cached: ['a', 'b'],
    remaining: [script('c')],
    startSeconds: 0.5,
    expectedSeconds: 2.5,
  });
});

describe('with learnt durations', () => {
  test('booting a nearer image beats restoring a farther one when that is sooner', () => {
    const booted = imageOf(baseDraft('nearer', { base: 'base', history: historyOf(...['a', 'b'].map(digestOf)) }));
    const images = [suspended('farther', 'a'), booted];
    expect(planWith(images).plans.map(show)[0]).toBe('restore farther, cached a, left bc: 4.5 s');
    const durations = learnt({
      [durationKey.start('boot', 'nearer')]: 3,
      [durationKey.start('restore', 'farther')]: 0.25,
      [durationKey.action(digestOf('b'))]: 60,
      [durationKey.action(digestOf('c'))]: 1,
    });
    expect(planWith(images, durations).plans.map(show)).toEqual([
      'boot nearer, cached ab, left c: 4 s',
      'restore farther, cached a, left bc: 61.25 s',
      'boot farther, cached a, left bc: 76 s',
    ]);
  });

  test('booting an image beats restoring the same one when that is sooner', () => {
    const durations = learnt({ 'restore:image': 9, 'boot:image': 4 });
    expect(planWith([suspended('image')], durations).plans.map(({ start }) => start)).toEqual(['boot', 'restore']);
  });

  test('an image never started before is expected to start as others of its line did', () => {
    const durations = learnt({
      [durationKey.startOfLine('restore', 'qemu')]: 0.25,
      [durationKey.start('restore', 'known')]: 0.75,
    });
    const [unknown, known] = [suspended('unknown', 'a', 'b', 'c'), suspended('known', 'a', 'b', 'c')];
    expect(planWith([known, unknown], durations).plans.slice(0, 2).map(show)).toEqual([
      'restore unknown, cached abc, left : 0.25 s',
      'restore known, cached abc, left : 0.75 s',
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
    expect(planWith([base], learnt(), dag).plans[0]?.expectedSeconds).toBeCloseTo(
      boot + scripts + file + packages + host,
      10,
    );
  });
});

test('ties go to the image whose id comes first, whatever the order of the warehouse', () => {
  const images = ['c', 'a', 'd', 'b'].map((id) => suspended(id, 'a'));
  fc.assert(
    fc.property(fc.shuffledSubarray(images, { minLength: 4 }), (shuffled) => {
      const starts = planWith(shuffled).plans.map(({ image, start }) => `${start} ${image.manifest.id}`);
      expect(starts).toEqual(
        ['restore', 'boot'].flatMap((start) => ['a', 'b', 'c', 'd'].map((id) => `${start} ${id}`)),
      );
    }),
  );
});

test('of a restore and a boot that are expected to take as long the restore comes first', () => {
  const durations = learnt({ 'restore:image': 1, 'boot:image': 1 });
  expect(planWith([suspended('image')], durations).plans.map(({ start }) => start)).toEqual(['restore', 'boot']);
});

test('the remaining actions are in an order that the DAG allows', () => {
  const dag: Dag = { actions: [...chain.actions].reverse(), edges: chain.edges! };
  expect(planWith([base], learnt(), dag).plans[0]?.remaining.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
});

test('an action listed twice is cached once for each time it ran', () => {
  const twice: Dag = { actions: [script('a'), { ...script('a'), id: 'again' }] };
  const { plans, misses } = planWith([suspended('once', 'a'), suspended('thrice', 'a', 'a', 'a')], learnt(), twice);
  expect(plans.map(({ cached, remaining }) => [cached.length, remaining.length])).toEqual([
    [1, 1],
    [1, 1],
  ]);
  expect(misses.map(({ imageId, test: failed }) => [imageId, failed])).toEqual([['thrice', 'subset']]);
});

test('a plan in numbers is rounded to milliseconds', () => {
  const durations = learnt({ 'restore:nearer': 0.123456 });
  const [plan] = planWith([suspended('nearer', 'a', 'b')], durations).plans;
  expect(summarizePlan(plan!)).toEqual({
    imageId: 'nearer',
    line: 'qemu',
    start: 'restore',
    actionsCached: 2,
    actionsLeft: 1,
    expectedSeconds: 2.123,
  });
});
