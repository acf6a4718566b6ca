import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { prepareDag } from '@vmgrid/dag';
import { assertRemembering } from '@vmgrid/test-support/jest/remembered-seeds.ts';
import fc from 'fast-check';
import type { KnownImage } from '../../src/known-image.ts';
import { ImageIndex } from '../../src/planner/image-index.ts';
import { nearestOptions } from '../../src/planner/nearest-options.ts';
import { type Option, shortlist } from '../../src/planner/options.ts';
import { Prices } from '../../src/planner/prices.ts';
import { surveyImages } from '../../src/planner/survey.ts';
import { baseImage } from '../made-up-images.ts';
import { type Change, type World, worldOf } from './made-up-warehouses.ts';

const SEEDS = join(import.meta.dirname, 'failing-seeds.json');

/** Returns the images that the changes leave, by id, and an index that followed all of them. */
function apply(changes: readonly Change[]): { images: ReadonlyMap<string, KnownImage>; index: ImageIndex } {
  const images = new Map<string, KnownImage>();
  const index = new ImageIndex();
  for (const change of changes) {
    if ('add' in change) {
      images.set(change.add.manifest.id, change.add);
      index.add(change.add);
    } else {
      expect(index.remove(change.remove)).toBe(images.delete(change.remove));
    }
  }
  return { images, index };
}

const show = ({ image, line, start, startMicros, expectedMicros }: Option) =>
  `${start} ${image.manifest.id} on ${line}: ${startMicros}, ${expectedMicros}`;

function agrees({ machine, dag, changes, lines, durations }: World): void {
  const { images, index } = apply(changes);
  expect(index.size).toBe(images.size);
  const { options } = surveyImages({ machine, dag }, { images: images.values(), lines, durations });
  const other = options.find(({ start }) => start !== options[0]!.start);
  const prepared = prepareDag(dag);
  const request = { machine, dag: prepared, prices: new Prices(dag, prepared, durations) };
  for (const most of [2, 4]) {
    const found = nearestOptions(request, { images: index, lines }, most);
    expect(found.map(show)).toEqual(shortlist(options, other, most).map(show));
  }
  expect(nearestOptions(request, { images: index, lines }, 1_000).map(show)).toEqual(options.map(show));
}

describe('the index finds what a look at every image finds', () => {
  test.each([
    ['with nearly all actions distinct', 8, 26, 4_000],
    ['with some equal actions', 7, 4, 4_000],
    ['with many equal actions', 8, 2, 3_000],
    ['with all actions equal', 6, 1, 1_000],
  ])(
    '%s',
    (name, maxNodes, maxEffects, numRuns) => {
      assertRemembering({ file: SEEDS, name }, fc.property(worldOf(maxNodes, maxEffects), agrees), numRuns);
    },
    120_000,
  );
});

test('an index that follows an inventory holds just that', () => {
  const property = fc.property(worldOf(5, 4), worldOf(5, 4), (one, two) => {
    const [before, after] = [apply(one.changes).images, apply(two.changes).images];
    const index = new ImageIndex().follow(before).follow(after).follow(after);
    agreesWith(two, index, ImageIndex.of(after.values()));
  });
  assertRemembering({ file: SEEDS, name: 'following' }, property, 500);
}, 60_000);

function agreesWith({ machine, dag, lines, durations }: World, ...indexes: readonly [ImageIndex, ImageIndex]): void {
  const prepared = prepareDag(dag);
  const request = { machine, dag: prepared, prices: new Prices(dag, prepared, durations) };
  const [one, two] = indexes.map((index) => nearestOptions(request, { images: index, lines }, 1_000).map(show));
  expect(one).toEqual(two);
  expect(indexes[0].size).toBe(indexes[1].size);
}

test('images are counted by architecture and system', () => {
  const { machine } = baseImage('any').manifest;
  const index = ImageIndex.of([
    baseImage('one'),
    baseImage('two', { line: 'uml' }),
    baseImage('three', { machine: { ...machine, os: 'alpine-3' } }),
  ]);
  expect(index.countOf(machine)).toBe(2);
  expect(index.countOf({ ...machine, os: 'alpine-3' })).toBe(1);
  expect(index.countOf({ ...machine, os: 'debian-13' })).toBe(0);
  index.remove('one');
  expect(index.countOf(machine)).toBe(1);
});
