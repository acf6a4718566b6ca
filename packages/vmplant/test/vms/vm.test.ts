import { describe, expect, test } from '@jest/globals';
import { moveTo, type VmState } from '../../src/vms/vm.ts';
import { recordOf } from './made-up-records.ts';

const STATES: readonly VmState[] = [
  'planned',
  'cloning',
  'configuring',
  'running',
  'failed',
  'collecting',
  'destroyed',
];

/** The state chart of the header, move by move. */
const ALLOWED: readonly `${VmState} → ${VmState}`[] = [
  'planned → cloning',
  'planned → failed',
  'planned → collecting',
  'cloning → configuring',
  'cloning → failed',
  'cloning → collecting',
  'configuring → running',
  'configuring → failed',
  'configuring → collecting',
  'running → failed',
  'running → collecting',
  'failed → collecting',
  'collecting → destroyed',
];

const moves = STATES.flatMap((from) => STATES.map((to) => [from, to] as const));
const isAllowed = ([from, to]: readonly [VmState, VmState]) => ALLOWED.includes(`${from} → ${to}`);

describe('the state chart', () => {
  test.each(moves.filter(isAllowed))('a VM that is %s may become %s', (from, to) => {
    const record = recordOf({ state: from });
    expect(moveTo(record, to)).toEqual({ ...record, state: to });
  });

  test.each(moves.filter((move) => !isAllowed(move)))('a VM that is %s never becomes %s', (from, to) => {
    expect(() => moveTo(recordOf({ state: from }), to)).toThrow(`vm-1 cannot go from ${from} to ${to}`);
  });
});

test('a move may change the record, but not to another state than the one moved to', () => {
  const record = recordOf({ state: 'cloning' });
  const moved = moveTo(record, 'configuring', { machineState: { pid: 7 }, state: 'running' });
  expect(moved).toEqual({ ...record, state: 'configuring', machineState: { pid: 7 } });
  expect(record.state).toBe('cloning');
});
