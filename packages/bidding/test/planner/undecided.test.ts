import { expect, test } from '@jest/globals';
import { type Dag, digestAction, prepareDag } from '@vmgrid/dag';
import { findCandidates } from '../../src/planner/candidates.ts';
import { ImageIndex } from '../../src/planner/image-index.ts';
import { planMachine, summarizePlan } from '../../src/planner/plan.ts';
import { Prices } from '../../src/planner/prices.ts';
import { baseImage, historyOf, suspendedImage } from '../made-up-images.ts';
import { lineReport, reportsOf } from '../made-up-plants.ts';

const POINTS = 60;
const machine = { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 2048 } as const;
const action = (id: string, effect: string) => ({ kind: 'script', id, script: effect }) as const;

/**
 * Equal points, and equal lines that each come after two of them: which points ran is hard to find out from how many
 * lines did.
 */
function hardDag(): Dag {
  const pairs = Array.from({ length: POINTS }, (_, a) => a).flatMap((a) =>
    Array.from({ length: POINTS }, (_, b) => b)
      .filter((b) => a < b && (a * 7 + b * 13 + a * b) % 5 < 2)
      .map((b) => [a, b]),
  );
  return {
    actions: [
      ...Array.from({ length: POINTS }, (_, n) => action(`p${n}`, 'point')),
      ...pairs.map((_, n) => action(`l${n}`, 'line')),
    ],
    edges: pairs.flatMap((pair, n) => pair.map((point) => ({ from: `p${point}`, to: `l${n}` }))),
  };
}

test('a plan says of how many images the search gave up, here and where bids are computed for many', () => {
  const dag = hardDag();
  const [point, line] = [digestAction(action('p', 'point')), digestAction(action('l', 'line'))];
  const clique = [...Array(14).fill(point), ...Array(91).fill(line)];
  const hard = suspendedImage('hard', { history: historyOf(...clique) });
  const images = ImageIndex.of([baseImage('base'), hard]);
  const lines = reportsOf(lineReport());
  const durations = { expect: () => undefined, least: () => undefined };
  const plan = planMachine({ machine, dag }, { images, lines, durations })!;
  expect(plan).toMatchObject({ image: { manifest: { id: 'base' } }, undecided: 1 });
  expect(summarizePlan(plan)).toMatchObject({ imageId: 'base', undecided: 1 });
  const index = prepareDag(dag);
  let gaveUp = 0;
  const prices = new Prices(dag, index, durations);
  findCandidates({ machine, dag: index }, { images, lines }, 10)!.nearest({ prices, gaveUp: (n) => (gaveUp += n) }, 4);
  expect(gaveUp).toBe(1);
});
