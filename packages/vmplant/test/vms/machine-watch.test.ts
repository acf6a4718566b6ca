/** A VM whose machine ends, or whose guest is stopped by a full disk. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, expect, test } from '@jest/globals';
import { createLog } from '@vmgrid/daemon';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import type { Guest, Machine, MachineExit } from '../../../lines/src/production-line.ts';
import { LivingMachines } from '../../src/vms/living-machines.ts';
import { watchMachine } from '../../src/vms/machine-watch.ts';
import { VmRegistry } from '../../src/vms/vm-registry.ts';
import { recordOf } from './made-up-records.ts';

const folder = useTemporaryFolder();

let registry: VmRegistry;
let living: LivingMachines;
let exit: PromiseWithResolvers<MachineExit>;
let tellDisk: (isFull: boolean) => void;
/** What was counted and reported. */
let noted: unknown[];
let watched: Promise<void>;

beforeEach(async () => {
  registry = await VmRegistry.open(folder());
  await registry.add(recordOf());
  living = new LivingMachines();
  exit = Promise.withResolvers();
  noted = [];
  const watchDisk = (listener: typeof tellDisk) => {
    tellDisk = listener;
  };
  const machine = { exited: exit.promise, watchDisk } as Partial<Machine> as Machine;
  living.add('vm-1', { machine, guest: {} as Guest });
  const admission = { count: (_: string, { memoryMiB }: { memoryMiB: number }) => void noted.push(memoryMiB) };
  const changed = () => void noted.push('changed');
  watched = watchMachine('vm-1', { admission, living, registry, changed, log: createLog('test', 'silent') });
});

const endedBy = (cause: MachineExit['cause']): Promise<void> => {
  exit.resolve({ cause, detail: 'its last words' });
  return watched;
};

/** Until what the disk's state changes is told. */
async function disk(isFull: boolean): Promise<void> {
  tellDisk(isFull);
  while (noted.at(-1) !== 'changed') await nextTurn();
}

test('one that its guest powers off is stopped, and takes no memory', async () => {
  await endedBy('guest-shutdown');
  expect(registry.get('vm-1').state).toBe('stopped');
  expect(registry.get('vm-1').sshPort).toBeUndefined();
  expect(living.find('vm-1')).toBeUndefined();
  expect(noted).toEqual([0, 'changed']);
});

test('one that crashes has failed, with what it said last', async () => {
  await endedBy('crashed');
  const failure = { code: 'GUEST_LOST', details: { output: 'its last words' } };
  expect(registry.get('vm-1')).toMatchObject({ state: 'failed', failure });
});

test('one that was told to end is the matter of whoever told it', async () => {
  await endedBy('requested');
  expect(registry.get('vm-1').state).toBe('running');
  expect(noted).toEqual([]);
});

test('one whose guest waits for room on the disk is paused, and runs again without a trace of that', async () => {
  await disk(true);
  expect(registry.get('vm-1')).toMatchObject({ state: 'paused', failure: { code: 'HOST_DISK_FULL' } });
  noted = [];
  await disk(false);
  expect(registry.get('vm-1').state).toBe('running');
  expect(registry.get('vm-1').failure).toBeUndefined();
});

test('one that ends while it is paused has failed', async () => {
  await disk(true);
  await endedBy('crashed');
  expect(registry.get('vm-1')).toMatchObject({ state: 'failed', failure: { code: 'GUEST_LOST' } });
});
