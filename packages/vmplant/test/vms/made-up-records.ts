import type { VmRecord } from '../../src/vms/vm.ts';

/** A VM that runs. */
export const recordOf = (changes: Partial<VmRecord> = {}): VmRecord => ({
  vmId: 'vm-1',
  requestId: 'request-1',
  state: 'running',
  machine: { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 2048 },
  line: 'qemu',
  imageId: 'octave',
  start: 'restore',
  createdAt: '2026-01-01T00:00:00.000Z',
  leaseEndsAt: '2026-01-01T04:00:00.000Z',
  hostName: 'vm-1',
  macAddress: '02:00:00:00:00:01',
  sshPort: 40_022,
  history: [],
  actionsCached: 2,
  actionsRun: 1,
  failedActions: [],
  secret: false,
  attributes: {},
  phasesMs: { overlay: 10.1, restore: 80.2 },
  ...changes,
});
