import { expect, test } from '@jest/globals';
import { silenceText, vmTable } from '../src/commands/vm-commands.ts';

const told = {
  ...{ VmId: 'vm-2', State: 'running', Plant: 'plant-2', MemoryMiB: 256, LeaseEndsAt: '2026-01-01T04:00:00Z' },
  ...{ PlantReached: false, LastToldAt: '2026-01-01T00:00:00Z' },
};

test('a VM whose plant did not answer stands in the list with a question mark, and no more than is known', () => {
  const [, row] = vmTable([told]).split('\n');
  expect(row!.trim().split(/\s{2,}/)).toEqual([
    ...['vm-2', 'running?', 'plant-2', '-', '256 MiB', '-', '-', '-', '2026-01-01T04:00:00Z'],
  ]);
});

test('of a plant that did not answer is said how old what is shown is, or that it may be missing', () => {
  expect(silenceText('plant-2', [told])).toBe(
    'plant-2 did not answer: its VMs are shown as it told of them last, at 2026-01-01T00:00:00Z',
  );
  expect(silenceText('plant-3', [told])).toBe('plant-3 did not answer: if it has VMs, they are missing here');
});
