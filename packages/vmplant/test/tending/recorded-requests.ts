/** Recorded requests without a machine in them. */
import { createHash } from 'node:crypto';
import { type Durations, durationKey, ImageIndex } from '@vmgrid/bidding';
import type { MachineSpec } from '@vmgrid/protocol';
import { toEnd } from '@vmgrid/test-support/jest/to-end.ts';
import fc from 'fast-check';
import { lineReport, reportsOf } from '../../../bidding/test/made-up-plants.ts';
import type { GoldenImage } from '../../../warehouse/src/images/manifest.ts';
import { baseDraft, historyOf, imageOf, suspendedDraft } from '../../../warehouse/test/made-up-images.ts';
import type { RecordedRequest } from '../../src/tending/recorded-request.ts';
import { requestCases } from '../../src/tending/request-case.ts';
import { SizeModel } from '../../src/tending/size-model.ts';

export const machine: MachineSpec = { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 2048 };
export const lines = reportsOf(lineReport());
export const base = imageOf(baseDraft('base'));
export const digestOf = (name: string): string => createHash('sha256').update(name).digest('hex');
export const suspended = (id: string, ...names: readonly string[]): GoldenImage =>
  imageOf(suspendedDraft(id, 'base', { machine, history: historyOf(...names.map(digestOf)) }));

/** `asked('A B C', 'A>B')`; `A!` is secret, `A@` runs on the host. */
export function asked(words: string, arrows = '', changes: Partial<RecordedRequest> = {}): RecordedRequest {
  const written = words.split(' ').filter((word) => word !== '');
  const names = written.map((word) => word.replace(/[!@]/, ''));
  const actions = written.map((word, at) => ({
    id: names[at]!,
    digest: digestOf(names[at]!),
    kind: word.endsWith('@') ? ('host' as const) : ('script' as const),
    ...(word.endsWith('!') ? { secret: true as const } : {}),
  }));
  const edges = arrows
    .split(' ')
    .filter((arrow) => arrow !== '')
    .map((arrow) => arrow.split('>').map((name) => names.indexOf(name)) as [number, number]);
  return {
    ...{ at: 0, requestId: 'request', machine, actions, edges },
    shape: digestOf(`${words} ${arrows}`),
    ...{ imageId: 'base', line: 'qemu', start: 'boot', phasesMs: {} },
    ...changes,
  };
}

/** A restore takes 1 s, a boot 20 s, an action 10 s unless told otherwise. */
export const learnt = (seconds: Readonly<Record<string, number>> = {}): Durations => ({
  expect(...keys) {
    const known = new Map([
      ...[durationKey.startOfLine('restore', 'qemu'), durationKey.startOfLine('boot', 'qemu')].map(
        (key, at) => [key, at === 0 ? 1 : 20] as const,
      ),
      ...Object.entries(seconds).map(([name, value]) => [durationKey.action(digestOf(name)), value] as const),
    ]);
    return keys
      .map((key) => known.get(key) ?? (key.startsWith('action:') ? 10 : undefined))
      .find((value) => value !== undefined);
  },
  least: (start) => (start === 'restore' ? 1 : 20),
});

/** Returns the input of suggestions, with the images of a warehouse. */
export const inputOf = (requests: readonly RecordedRequest[], images: readonly GoldenImage[] = [base]) => ({
  cases: toEnd(requestCases(requests, learnt())),
  images: ImageIndex.of(images),
  lines,
  sizes: new SizeModel([]),
});

const NAMES = ['A', 'B', 'C', 'D', 'E', 'F'];

/** Random requests over few actions; each DAG follows an order of its own, so that some disagree. */
export const history: fc.Arbitrary<readonly RecordedRequest[]> = fc.array(
  fc
    .record({
      names: fc.shuffledSubarray(NAMES, { minLength: 1 }),
      dice: fc.array(fc.nat(2), { minLength: 36, maxLength: 36 }),
    })
    .map(({ names, dice }) => {
      const arrows = names.flatMap((from, a) =>
        names.flatMap((to, b) => (a < b && dice[a * 6 + b] === 0 ? [`${from}>${to}`] : [])),
      );
      return asked(names.join(' '), arrows.join(' '));
    }),
  { minLength: 1, maxLength: 8 },
);
