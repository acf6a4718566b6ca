/** Recorded requests carried out again on paper. */
import { expect, test } from '@jest/globals';
import type { ReplayableRequest } from '@vmgrid/protocol';
import { type ReplayOptions, replay } from '../src/replay.ts';

const machine = { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 2_048 } as const;
const [FIRST, SECOND] = ['a'.repeat(64), 'b'.repeat(64)];

const recorded = (index: number): ReplayableRequest => ({
  ...{ at: 1_000_000 + index * 20_000, machine, edges: [{ from: 0, to: 1 }] },
  actions: [
    { id: 'first', digest: FIRST, kind: 'script', seconds: 4 },
    { id: 'second', digest: SECOND, kind: 'script', seconds: 1 },
  ],
  ...{ imageId: 'base', line: 'qemu', start: 'boot', phasesMs: { boot: 5_000, agent: 1_000 } },
});
const requests = Array.from({ length: 6 }, (_, index) => recorded(index));
const image = { imageId: 'golden', machine, suspended: true, history: [{ digest: FIRST }] };
const options: ReplayOptions = {
  seed: '1',
  cost: 'memory',
  plants: 3,
  memoryMiB: 1_024,
  brokers: [],
  keepSeconds: 3_600,
};

test('without images every action is run; with one that has the first, VMs are ready sooner', async () => {
  const without = await replay({ requests, images: [] }, options);
  expect(without).toMatchObject({ requests: 6, made: 6, refused: 0, hitRate: 0 });
  expect(without.readyP50).toBeGreaterThan(11);
  const having = await replay({ requests, images: [image] }, options);
  expect(having).toMatchObject({ made: 6, hitRate: 1 });
  expect(having.readyP95).toBeLessThan(4);
}, 60_000);

test('a cost that fills one plant first is less even than the share of free memory', async () => {
  const even = await replay({ requests, images: [] }, options);
  const packed = await replay({ requests, images: [] }, { ...options, cost: '-TARGET.VmCount' });
  expect(packed.unevenness).toBeGreaterThan(even.unevenness);
}, 60_000);

test('what does not fit is refused; brokers between do not change who makes what', async () => {
  const small = { ...options, plants: 2, memoryMiB: 512 };
  const flat = await replay({ requests, images: [] }, small);
  expect(flat).toMatchObject({ made: 4, refused: 2 });
  const { readyP50: _, readyP95: __, ...through } = await replay({ requests, images: [] }, { ...small, brokers: [2] });
  expect(flat).toMatchObject(through);
}, 60_000);
