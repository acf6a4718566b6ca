import { expect, test } from '@jest/globals';
import { GridError } from '@vmgrid/protocol';
import { VmGate } from '../../src/vms/vm-gate.ts';

const never = new AbortController().signal;
const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

test('a VM is worked on by one request at a time', async () => {
  const gate = new VmGate();
  const first = gate.enter('vm-1', never, untilAborted);
  await expect(gate.enter('vm-1', never, async () => 'second')).rejects.toMatchObject({ code: 'VM_STATE' });
  expect(await gate.enter('vm-2', never, async () => 'another VM')).toBe('another VM');
  await gate.clear('vm-1', new GridError('CANCELLED', 'enough'));
  await expect(first).rejects.toMatchObject({ code: 'CANCELLED' });
});

test('clearing waits until the work has undone itself, and the VM is free then', async () => {
  const gate = new VmGate();
  let undone = false;
  const work = gate.enter('vm-1', never, async (signal) => {
    await untilAborted(signal).catch(() => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    undone = true;
  });
  await gate.clear('vm-1', new GridError('CANCELLED', 'enough'));
  expect(undone).toBe(true);
  await work;
  expect(await gate.enter('vm-1', never, async () => 'next')).toBe('next');
});

test('clearing a VM that nobody works on does nothing', async () => {
  await new VmGate().clear('vm-1', new GridError('CANCELLED', 'enough'));
});
