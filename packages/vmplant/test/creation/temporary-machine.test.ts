/** A temporary machine leaves nothing behind, and its progress is reported. */
import { expect, jest, test } from '@jest/globals';
import { Admission } from '@vmgrid/bidding';
import { createLog, type Log, systemClock } from '@vmgrid/daemon';
import type { Machine, ProductionLine } from '../../../lines/src/production-line.ts';
import { type TemporaryMachineDeps, withTemporaryMachine } from '../../src/creation/temporary-machine.ts';
import { recordOf } from '../vms/made-up-records.ts';

const { machine } = recordOf();
const image = { manifest: { id: 'octave', machine, history: [], boot: {} } };
const stuck = new Error('the folder is busy');

function workshop() {
  const undone: string[] = [];
  const error = jest.fn<(...told: unknown[]) => void>();
  const admission = new Admission({ memoryMiB: 4_096, diskMiB: 40_960, cpusPerVm: 4, vms: 8 });
  const stop = async () => void undone.push('machine');
  const started = { state: { pid: 2 }, guest: async () => ({}), stop } as unknown as Machine;
  const line = { createOverlay: async () => undefined, start: async () => started } as Partial<ProductionLine>;
  const disc = { path: '', written: Promise.resolve(), discard: async () => void undone.push('disc') };
  const configurator = { prepare: () => disc, configure: async () => ({ attributes: { A: '1' } }) };
  const log: Log = Object.assign(createLog('test', 'silent'), { error });
  const deps = {
    ...{ admission, log, clock: systemClock, report: () => undefined },
    execution: { lines: new Map([['qemu', line]]), configurator, clock: systemClock, bootDeadlineMs: 60_000 },
    warehouse: {
      references: {
        acquire: async () => undefined,
        drop: async (id: string, user: string) => void undone.push(`${user} of ${id}`),
      },
    },
    nameVm: () => ({ vmId: 'vm-1', hostName: 'host', macAddress: '02:00:00:00:00:01' }),
  } as unknown as TemporaryMachineDeps;
  const wanted = {
    ...{ request: { requestId: 'request' }, machine, plan: { image, line: 'qemu', start: 'restore', remaining: [] } },
    ...{ purpose: 'clone', signal: new AbortController().signal },
    staging: { directory: '/staging', discard: () => Promise.reject(stuck) },
  } as never;
  return { undone, error, admission, deps, wanted };
}

test('what was acquired is given back, newest first, and what cannot be is logged', async () => {
  const { undone, error, admission, deps, wanted } = workshop();
  const used = await withTemporaryMachine(wanted, deps, async ({ configuration }) => {
    expect(admission.usage.vms).toBe(1);
    return configuration.attributes;
  });
  expect(used).toEqual({ A: '1' });
  expect(undone).toEqual(['machine', 'disc', 'vm-1 of octave']);
  expect(admission.usage.vms).toBe(0);
  expect(error.mock.calls).toEqual([[{ err: stuck, vmId: 'vm-1', step: 'staging' }, 'an undo failed']]);
});

test('also when its use fails, which is what is told', async () => {
  const { undone, admission, deps, wanted } = workshop();
  const failed = new Error('nothing to see');
  await expect(withTemporaryMachine(wanted, deps, () => Promise.reject(failed))).rejects.toBe(failed);
  expect(undone).toEqual(['machine', 'disc', 'vm-1 of octave']);
  expect(admission.usage.vms).toBe(0);
});
