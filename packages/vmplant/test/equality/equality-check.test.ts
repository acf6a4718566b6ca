/** A comparison whose machines cannot be made leaves nothing behind. */
import { expect, test } from '@jest/globals';
import { Admission } from '@vmgrid/bidding';
import { createLog, systemClock } from '@vmgrid/daemon';
import type { Dag } from '@vmgrid/dag';
import { GridError } from '@vmgrid/protocol';
import { type GoldenImage, newWorkName } from '@vmgrid/warehouse';
import type { PlantConfig } from '../../src/config.ts';
import { EqualityCheck, type EqualityCheckDeps } from '../../src/equality/equality-check.ts';
import { base, lines, machine } from '../tending/recorded-requests.ts';

const dag: Dag = {
  actions: ['a', 'b'].map((id) => ({ kind: 'script', id, script: `echo ${id}` })),
  edges: [{ from: 'a', to: 'b' }],
};
const broken = new GridError('VMM_FAILED', 'no overlay');

/** A warehouse with two bases and, before the comparison, these images. */
function checkThat(removes: (id: string) => void, there: readonly GoldenImage[] = [base]) {
  const admission = new Admission({ memoryMiB: 4_096, diskMiB: 40_960, cpusPerVm: 4, vms: 8 });
  const disc = { path: '', written: Promise.resolve(), discard: async () => undefined };
  const line = { createOverlay: () => Promise.reject(broken) };
  const images = new Map(there.map((image) => [image.manifest.id, image]));
  const uses: (string | undefined)[] = [];
  const deps = {
    ...{ admission, lines, log: createLog('test', 'silent'), clock: systemClock, report: () => undefined },
    execution: { lines: new Map([['qemu', line]]), configurator: { prepare: () => disc }, clock: systemClock },
    warehouse: {
      inventory: { images: async () => images, allImages: async () => images },
      claims: { stage: async () => ({ directory: '/staging', discard: async () => undefined }) },
      references: { acquire: async () => undefined, drop: async () => undefined },
      remove: async (id: string) => removes(id),
    },
    imageBuilder: {
      build: async ({ dag: { actions } }: { dag: Dag }, _: AbortSignal, { madeFor }: { madeFor?: string }) => {
        uses.push(madeFor);
        const image = made(`image-${actions.length}`, actions.length === 1 ? 'base' : 'image-1', madeFor);
        images.set(image.manifest.id, image);
        return { image, built: true, leftOut: [] };
      },
    },
    nameVm: () => ({ vmId: 'vm-1', hostName: 'host', macAddress: '02:00:00:00:00:01' }),
  } as unknown as EqualityCheckDeps;
  const check = new EqualityCheck(deps, { plantId: 'plant-1' } as PlantConfig);
  const compare = () => check.check({ requestId: 'r', machine, dag }, new AbortController().signal);
  return { admission, uses, compare };
}

const made = (id: string, parent: string, madeFor?: string): GoldenImage => ({
  ...base,
  manifest: { ...base.manifest, id, parent, ...(madeFor === undefined ? {} : { madeFor }) },
});

test('the images that were built for it are for it alone, and removed again, the newest first; no machine counts', async () => {
  const removed: string[] = [];
  const mine = [made('another', 'base', newWorkName()), made('image-9', 'base')];
  const { admission, uses, compare } = checkThat((id) => void removed.push(id), [base, ...mine]);
  await expect(compare()).rejects.toBe(broken);
  await expect(compare()).rejects.toBe(broken);
  expect(uses).toEqual([uses[0], uses[0], uses[2], uses[2]].map(() => expect.any(String)));
  expect(uses[0]).not.toBe(uses[2]);
  expect(removed).toEqual(['image-2', 'image-1', 'image-2', 'image-1']);
  expect(admission.usage.vms).toBe(0);
});

test('one that cannot be removed does not hide why it failed, nor keep another', async () => {
  const removed: string[] = [];
  const { compare } = checkThat((id) => {
    if (id === 'image-2') throw new GridError('IMAGE_IN_USE', 'somebody uses it by now');
    removed.push(id);
  });
  await expect(compare()).rejects.toBe(broken);
  expect(removed).toEqual(['image-1']);
});
