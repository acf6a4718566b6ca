/** A comparison whose machines cannot be made leaves nothing behind. */
import { expect, test } from '@jest/globals';
import { Admission } from '@vmgrid/bidding';
import { createLog, systemClock } from '@vmgrid/daemon';
import type { Dag } from '@vmgrid/dag';
import { GridError } from '@vmgrid/protocol';
import type { PlantConfig } from '../../src/config.ts';
import { EqualityCheck, type EqualityCheckDeps } from '../../src/equality/equality-check.ts';
import { base, lines, machine } from '../tending/recorded-requests.ts';

const dag: Dag = {
  actions: ['a', 'b'].map((id) => ({ kind: 'script', id, script: `echo ${id}` })),
  edges: [{ from: 'a', to: 'b' }],
};
const broken = new GridError('VMM_FAILED', 'no overlay');

function checkThat(removes: (id: string) => void) {
  const admission = new Admission({ memoryMiB: 4_096, diskMiB: 40_960, cpusPerVm: 4, vms: 8 });
  const disc = { path: '', written: Promise.resolve(), discard: async () => undefined };
  const line = { createOverlay: () => Promise.reject(broken) };
  const deps = {
    ...{ admission, lines, log: createLog('test', 'silent'), clock: systemClock, report: () => undefined },
    execution: { lines: new Map([['qemu', line]]), configurator: { prepare: () => disc }, clock: systemClock },
    warehouse: {
      inventory: { images: async () => new Map([['base', base]]) },
      claims: { stage: async () => ({ directory: '/staging', discard: async () => undefined }) },
      references: { acquire: async () => undefined, drop: async () => undefined },
      remove: async (id: string) => removes(id),
    },
    imageBuilder: {
      build: async ({ dag: { actions } }: { dag: Dag }) => {
        const image = { ...base, manifest: { ...base.manifest, id: `image-${actions.length}` } };
        return { image, built: true, leftOut: [] };
      },
    },
    nameVm: () => ({ vmId: 'vm-1', hostName: 'host', macAddress: '02:00:00:00:00:01' }),
  } as unknown as EqualityCheckDeps;
  const check = new EqualityCheck(deps, { plantId: 'plant-1' } as PlantConfig);
  return { admission, compare: () => check.check({ requestId: 'r', machine, dag }, new AbortController().signal) };
}

test('the images that were built for it are removed again, the newest first, and no machine counts', async () => {
  const removed: string[] = [];
  const { admission, compare } = checkThat((id) => void removed.push(id));
  await expect(compare()).rejects.toBe(broken);
  expect(removed).toEqual(['image-2', 'image-1']);
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
