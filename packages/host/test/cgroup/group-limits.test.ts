import { expect, test } from '@jest/globals';
import { checkConfig } from '@vmgrid/daemon';
import { CgroupConfig } from '../../src/cgroup/cgroup-config.ts';
import { enabling, limitsOf, missingControllers } from '../../src/cgroup/group-limits.ts';

const machine = { memoryMiB: 256, cpus: 2 };
const defaults = checkConfig(CgroupConfig, { parent: 'own' }, 'test');

test('a machine gets what its request names, the hypervisor a little beside it', () => {
  expect(limitsOf(machine, defaults)).toEqual([
    { file: 'cpu.weight', text: '100' },
    { file: 'cpu.max', text: '200000 100000' },
    { file: 'memory.max', text: String((256 + 512) * 1_048_576) },
    { file: 'memory.swap.max', text: '0', optional: true },
    { file: 'memory.oom.group', text: '1' },
    { file: 'pids.max', text: '2048' },
    { file: 'io.weight', text: 'default 100', optional: true },
  ]);
});

test('the operator chooses the limits, and which there are', () => {
  const limits = { ...defaults, cpuWeight: 20, ioWeight: 7, overheadMiB: 0, processes: 64 };
  expect(limitsOf(machine, { ...limits, controllers: ['io', 'pids'] })).toEqual([
    { file: 'io.weight', text: 'default 7', optional: true },
    { file: 'pids.max', text: '64' },
  ]);
  expect(limitsOf(machine, { ...limits, controllers: ['cpu', 'memory'] }).map(({ text }) => text)).toEqual([
    '20',
    '200000 100000',
    String(256 * 1_048_576),
    '0',
    '1',
  ]);
  expect(limitsOf(machine, { ...limits, controllers: [] })).toEqual([]);
});

test('controllers are enabled together, and what the host lacks is named', () => {
  expect([enabling(['cpu', 'memory']), enabling([])]).toEqual(['+cpu +memory', undefined]);
  expect(missingControllers(['cpu', 'memory', 'io'], 'cpuset cpu pids\n')).toEqual(['memory', 'io']);
  expect(missingControllers(['cpu'], '')).toEqual(['cpu']);
});
