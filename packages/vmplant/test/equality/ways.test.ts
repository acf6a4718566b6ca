import { expect, test } from '@jest/globals';
import { type Dag, digestAction, prepareDag } from '@vmgrid/dag';
import { lineReport, reportsOf } from '../../../bidding/test/made-up-plants.ts';
import { baseDraft, historyOf, imageOf, suspendedDraft } from '../../../warehouse/test/made-up-images.ts';
import { beginnings, coldFor, lostBy, standardOf, waysWith } from '../../src/equality/ways.ts';
import { machine } from '../tending/recorded-requests.ts';

const lines = reportsOf(lineReport(), lineReport({ line: 'uml', restores: false }));
const dag: Dag = {
  actions: ['a', 'b'].map((id) => ({ kind: 'script', id, script: `echo ${id}` })),
  edges: [{ from: 'a', to: 'b' }],
};
const asked = { machine, dag, index: prepareDag(dag) };
const digests = dag.actions.map((action) => digestAction(action));
const [first, second] = [imageOf(baseDraft('first')), imageOf(baseDraft('second'))];
const image = imageOf(suspendedDraft('image', 'second', { machine, history: historyOf(...digests) }));
const cold = [first, second].flatMap((base) => waysWith(base, asked, lines));
const reuse = waysWith(image, asked, lines);
const namesOf = (ways: readonly { readonly name: string }[]) => ways.map(({ name }) => name);

test('the beginnings of a DAG are chains in the order in which it runs', () => {
  expect(beginnings(dag).map(({ actions }) => actions.map(({ id }) => id))).toEqual([['a'], ['a', 'b']]);
});

test('an image is restored where it can be, and booted on each line', () => {
  const boots = ['boot image on qemu, 2 cached', 'boot image on uml, 2 cached'];
  expect(namesOf(reuse).sort()).toEqual([...boots, 'restore image on qemu, 2 cached']);
  expect(reuse.map(({ remaining }) => remaining)).toEqual([[], [], []]);
});

test('what is made cold is of the base that the images have, on each line', () => {
  const ways = coldFor(reuse, cold);
  expect(ways.map(({ image: { manifest }, line }) => [manifest.id, line])).toEqual([
    ['second', 'qemu'],
    ['second', 'uml'],
  ]);
  expect(namesOf(coldFor([], cold))).toEqual(['cold on qemu']);
});

test('a guest is compared with the one made cold of its base on its line, and those with each other', () => {
  const ways = [...cold, ...reuse];
  const standard = ways.map((way) => ways.indexOf(standardOf(way, ways)));
  // Cold: first on qemu and on uml, second on qemu (2) and on uml (3).
  expect(standard.slice(0, 4)).toEqual([0, 0, 2, 2]);
  expect(reuse.map(({ line }) => (line === 'uml' ? 3 : 2))).toEqual(standard.slice(4));
});

test('what a boot loses is told of each action once, and such an image is not booted', () => {
  const [one, two] = historyOf(...digests);
  const history = [one!, { ...two!, survivesBoot: false, lostAtBoot: ['process web'] }];
  const lossy = { ...image, manifest: { ...image.manifest, history } };
  expect(namesOf(waysWith(lossy, asked, lines))).toEqual(['restore image on qemu, 2 cached']);
  expect(lostBy([image, lossy, lossy])).toEqual([{ actionId: 'action-1', items: ['process web'] }]);
});
