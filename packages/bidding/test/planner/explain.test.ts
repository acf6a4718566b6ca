import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type Dag, prepareDag } from '@vmgrid/dag';
import { ExplainReply, follows, type MachineSpec, type RequestChange } from '@vmgrid/protocol';
import { assertRemembering } from '@vmgrid/test-support/jest/remembered-seeds.ts';
import { toEnd } from '@vmgrid/test-support/jest/to-end.ts';
import fc from 'fast-check';
import { dagOf, digestOf, script } from '../../../dag/test/dags.ts';
import type { ImageFacts, KnownImage, RanAction } from '../../src/known-image.ts';
import { explainRequest } from '../../src/planner/explain.ts';
import { ImageIndex } from '../../src/planner/image-index.ts';
import { matchImage } from '../../src/planner/match-image.ts';
import { planMachine } from '../../src/planner/plan.ts';
import { baseImage, suspendedImage } from '../made-up-images.ts';
import { lineReport, reportsOf } from '../made-up-plants.ts';
import { durationsOf, worldOf } from './made-up-warehouses.ts';

const SEEDS = join(import.meta.dirname, 'failing-seeds.json');
const machine: MachineSpec = { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 2048 };
const lines = reportsOf(lineReport());
const assumed = durationsOf(new Map());

/** The DAG of slide 39: A before B before C, A before D. */
const dag = dagOf('A B C D', 'A>B B>C A>D');

/** A history whose entries are named by their effects. */
const ran = (effects: string): RanAction[] =>
  [...effects].map((id) => ({ digest: digestOf(id), id, survivesBoot: true }));
const suspended = (id: string, effects: string, changes: Partial<ImageFacts> = {}) =>
  suspendedImage(id, { history: ran(effects), ...changes });

const explain = (images: readonly KnownImage[], top = 5, spec = machine) =>
  toEnd(explainRequest({ machine: spec, dag }, { images, lines, durations: assumed }, { top }));

test('no edge is advised to go where it says what comes before a restart', () => {
  const restarting = { ...dag, actions: dag.actions.map((one) => (one.id === 'C' ? { ...one, reboot: true } : one)) };
  const images = [baseImage('base'), suspended('astray', 'BA')];
  const { misses } = toEnd(
    explainRequest({ machine, dag: restarting as Dag }, { images, lines, durations: assumed }, { top: 5 }),
  );
  expect(misses.nearest).toMatchObject([{ imageId: 'astray', changes: [], suffices: false }]);
  const plain = explain(images).misses.nearest;
  expect(plain).toMatchObject([{ imageId: 'astray', changes: [{ kind: 'remove-edge', from: 'A', to: 'B' }] }]);
});

describe('an explanation', () => {
  const images = [
    baseImage('base'),
    suspended('nearer', 'AB'),
    suspended('unwanted', 'ABE'),
    suspended('headless', 'BCD'),
    suspended('astray', 'ACB'),
    suspended('large', 'ABC', { machine: { ...machine, diskMiB: 4096 } }),
  ];
  const explanation = explain(images);

  test('names the choice, what it has, what is to run, and why', () => {
    expect(explanation.chosen).toEqual({
      imageId: 'nearer',
      line: 'qemu',
      start: 'restore',
      startSeconds: 0.5,
      expectedSeconds: 4.5,
      cached: ['A', 'B'],
      remaining: ['C', 'D'],
      why:
        '0.5 s to restore and 4 s for 2 actions; ' + 'the next best, to boot nearer, is expected to take 14.5 s longer',
    });
  });

  test('gives every candidate both starts with their seconds, and why it cannot be restored', () => {
    expect(explanation.candidates).toEqual({
      count: 2,
      nearest: [
        {
          imageId: 'nearer',
          actionsCached: 2,
          actionsLeft: 2,
          starts: [
            { line: 'qemu', start: 'restore', startSeconds: 0.5, expectedSeconds: 4.5 },
            { line: 'qemu', start: 'boot', startSeconds: 15, expectedSeconds: 19 },
          ],
        },
        {
          imageId: 'base',
          actionsCached: 0,
          actionsLeft: 4,
          starts: [{ line: 'qemu', start: 'boot', startSeconds: 15, expectedSeconds: 23 }],
          whyNotRestore: 'the image is not suspended',
        },
      ],
    });
  });

  test('counts the misses by their first failed test', () => {
    expect(explanation.misses.counts).toEqual([
      { test: 'machine', count: 1 },
      { test: 'subset', count: 1 },
      { test: 'prefix', count: 1 },
      { test: 'partial-order', count: 1 },
      { test: 'freshness', count: 0 },
    ]);
  });

  test('names the nearest misses with the change after which they would match', () => {
    const shown = explanation.misses.nearest.map(({ imageId, test: failed, reason, changes, suffices }) => ({
      ...{ imageId, failed, reason, changes, suffices },
    }));
    expect(shown).toEqual([
      {
        imageId: 'astray',
        failed: 'partial-order',
        reason: 'C ran in the image before B, which comes before it',
        changes: [{ kind: 'remove-edge', from: 'B', to: 'C' }],
        suffices: true,
      },
      {
        imageId: 'large',
        failed: 'machine',
        reason: 'disk is 4096 MiB, wanted at most 2048',
        changes: [{ kind: 'set-machine', field: 'diskMiB', relation: 'at-least', value: 4096 }],
        suffices: true,
      },
      {
        imageId: 'headless',
        failed: 'prefix',
        reason: 'B ran in the image, and A, which comes before it, did not',
        changes: [
          { kind: 'remove-edge', from: 'A', to: 'B' },
          { kind: 'remove-edge', from: 'A', to: 'D' },
        ],
        suffices: true,
      },
      {
        imageId: 'unwanted',
        failed: 'subset',
        reason: 'E ran in the image and is not wanted, not so often, or runs for each machine',
        changes: [{ kind: 'add-action', action: 'E', digest: digestOf('E') }],
        suffices: true,
      },
    ]);
  });

  test('follows the schema of what crosses the link', () => {
    expect(follows(ExplainReply, { plants: [{ plantId: 'plant-1', ...explanation }], silentPlants: [] })).toBe(true);
  });

  test('stays short: names as many as wanted, and counts the rest', () => {
    const many = Array.from({ length: 200 }, (_, number) => suspended(`strange-${number}`, 'ABE'));
    const { misses } = explain([...images, ...many], 2);
    expect(misses.nearest).toHaveLength(2);
    expect(misses.counts).toContainEqual({ test: 'subset', count: 201 });
  });
});

test('a suspended image of other memory says what would let it be restored', () => {
  const { candidates } = explain([suspended('nearer', 'AB')], 5, { ...machine, memoryMiB: 512 });
  expect(candidates.nearest[0]).toMatchObject({
    whyNotRestore: 'suspended with 256 MiB of memory, wanted 512',
    toRestore: [{ kind: 'set-machine', field: 'memoryMiB', relation: 'equal', value: 256 }],
  });
});

test('an action that comes before only by way of others is to be dropped', () => {
  const request = { machine, dag: dagOf('A B C', 'A>B B>C') };
  const explanation = toEnd(
    explainRequest(request, { images: [suspended('late', 'CB')], lines, durations: assumed }, { top: 1 }),
  );
  expect(explanation.misses.nearest[0]).toMatchObject({
    test: 'prefix',
    changes: [
      { kind: 'drop-action', action: 'A' },
      { kind: 'remove-edge', from: 'B', to: 'C' },
    ],
    suffices: true,
  });
});

test('with no image that matches nothing is chosen', () => {
  expect(explain([])).toEqual({
    images: 0,
    perMachine: [],
    warnings: [],
    candidates: { count: 0, nearest: [] },
    misses: {
      counts: ['machine', 'subset', 'prefix', 'partial-order', 'freshness'].map((failed) => ({
        test: failed,
        count: 0,
      })),
      nearest: [],
    },
  });
});

/** The request with a change carried out; actions of the image are named by their place in it. */
function applied(
  request: { machine: MachineSpec; dag: Dag },
  change: RequestChange,
  effectOf: ReadonlyMap<string, string>,
) {
  const { actions, edges = [] } = request.dag;
  switch (change.kind) {
    case 'add-action': {
      const added = script(`added-${actions.length}`, effectOf.get(change.digest)!);
      return { ...request, dag: { actions: [...actions, added], edges } };
    }
    case 'drop-action':
      return {
        ...request,
        dag: {
          actions: actions.filter(({ id }) => id !== change.action),
          edges: edges.filter(({ from, to }) => from !== change.action && to !== change.action),
        },
      };
    case 'remove-edge':
      return {
        ...request,
        dag: { actions, edges: edges.filter(({ from, to }) => from !== change.from || to !== change.to) },
      };
    case 'set-machine':
      return { ...request, machine: { ...request.machine, [change.field]: change.value } };
    default:
      return change satisfies never;
  }
}

test('an image matches a request after the changes that would make it match, and the choice is the plan', () => {
  const effectOf = new Map(
    Array.from({ length: 26 }, (_, letter) => String.fromCharCode(65 + letter)).map((effect) => [
      digestOf(effect),
      effect,
    ]),
  );
  const property = fc.property(worldOf(7, 6), ({ machine: spec, dag: wanted, changes, lines: reports, durations }) => {
    const images = new Map(
      changes.flatMap((change) => ('add' in change ? [[change.add.manifest.id, change.add] as const] : [])),
    );
    const request = { machine: spec, dag: wanted };
    const explanation = toEnd(
      explainRequest(request, { images: images.values(), lines: reports, durations }, { top: 100 }),
    );
    const plan = planMachine(request, { images: ImageIndex.of(images.values()), lines: reports, durations });
    expect([explanation.chosen?.imageId, explanation.chosen?.start]).toEqual([plan?.image.manifest.id, plan?.start]);
    const missed = explanation.misses.counts.reduce((sum, { count }) => sum + count, 0);
    expect(explanation.candidates.count + missed).toBe(images.size);
    for (const miss of explanation.misses.nearest) {
      const image = images.get(miss.imageId)!;
      expect(matchImage({ machine: spec, dag: prepareDag(wanted) }, image, reports)).toMatchObject({
        kind: 'miss',
        test: miss.test,
      });
      if (!miss.suffices) continue;
      const relaxed = miss.changes.reduce((before, change) => applied(before, change, effectOf), request);
      expect(matchImage({ machine: relaxed.machine, dag: prepareDag(relaxed.dag) }, image, reports).kind).toBe(
        'candidate',
      );
    }
  });
  assertRemembering({ file: SEEDS, name: 'explaining' }, property, 1_000);
}, 120_000);
