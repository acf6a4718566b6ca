import { expect, test } from '@jest/globals';
import { GridError } from '@vmgrid/protocol';
import fc from 'fast-check';
import { Admission, type Capacity } from '../src/admission.ts';

const capacity: Capacity = { memoryMiB: 1024, diskMiB: 4096, cpusPerVm: 4, vms: 3 };
const small = { memoryMiB: 256, diskMiB: 1024, cpus: 1 };

const refused = (admission: Admission, need: typeof small) => {
  const { code, message, details } = admission.refusal(need) ?? {};
  return { code, message, details };
};

test('a machine that fits is taken and counted', () => {
  const admission = new Admission(capacity);
  expect(admission.refusal(small)).toBeUndefined();
  admission.reserve('vm-1', small);
  expect(admission.usage).toEqual({ memoryMiB: 256, diskMiB: 1024, vms: 1 });
});

test('a machine may take the last of everything', () => {
  const admission = new Admission({ ...capacity, vms: 1 });
  admission.reserve('vm-1', { memoryMiB: 1024, diskMiB: 4096, cpus: 4 });
  expect(admission.usage).toEqual({ memoryMiB: 1024, diskMiB: 4096, vms: 1 });
});

test('a refusal names everything that is lacking, so that a client need not find it out one by one', () => {
  const admission = new Admission({ memoryMiB: 100, diskMiB: 100, cpusPerVm: 1, vms: 1 });
  expect(admission.refusal({ memoryMiB: 128, diskMiB: 300, cpus: 1 })).toMatchObject({
    code: 'MEMORY_INSUFFICIENT',
    details: {
      ...{ wanted: 128, available: 100, lacking: 28 },
      others: [{ code: 'DISK_INSUFFICIENT', wanted: 300, available: 100, lacking: 200 }],
    },
  });
});

test('a refusal says what is wanted, what is free and what is lacking', () => {
  const admission = new Admission(capacity);
  admission.reserve('vm-1', { ...small, memoryMiB: 824, diskMiB: 3000 });
  expect(refused(admission, { ...small, cpus: 6 })).toEqual({
    code: 'CPUS_INSUFFICIENT',
    message: 'wants 6 processors, 4 are free: lacks 2',
    details: {
      ...{ wanted: 6, available: 4, lacking: 2 },
      others: [{ code: 'MEMORY_INSUFFICIENT', wanted: 256, available: 200, lacking: 56 }],
    },
  });
  expect(refused(admission, small)).toEqual({
    code: 'MEMORY_INSUFFICIENT',
    message: 'wants 256 MiB of memory, 200 are free: lacks 56',
    details: { wanted: 256, available: 200, lacking: 56 },
  });
  expect(refused(admission, { ...small, memoryMiB: 64, diskMiB: 1200 })).toEqual({
    code: 'DISK_INSUFFICIENT',
    message: 'wants 1200 MiB of disk, 1096 are free: lacks 104',
    details: { wanted: 1200, available: 1096, lacking: 104 },
  });
});

test('a plant that is full of VMs refuses one more', () => {
  const admission = new Admission(capacity);
  const tiny = { memoryMiB: 64, diskMiB: 64, cpus: 1 };
  for (const vmId of ['a', 'b', 'c']) admission.reserve(vmId, tiny);
  expect(refused(admission, tiny)).toEqual({
    code: 'VM_LIMIT',
    message: 'wants 1 VMs, 0 are free: lacks 1',
    details: { wanted: 1, available: 0, lacking: 1 },
  });
});

test('adopted machines count even where they are over the limit, and keep others out', () => {
  const admission = new Admission(capacity);
  admission.count('vm-1', { ...small, memoryMiB: 2048 });
  expect(admission.usage).toEqual({ memoryMiB: 2048, diskMiB: 1024, vms: 1 });
  expect(refused(admission, small)).toMatchObject({
    code: 'MEMORY_INSUFFICIENT',
    details: { wanted: 256, available: -1024, lacking: 1280 },
  });
  admission.release('vm-1');
  expect(admission.refusal(small)).toBeUndefined();
});

test('a reservation that is refused takes nothing', () => {
  const admission = new Admission(capacity);
  expect(() => admission.reserve('vm-1', { ...small, cpus: 5 })).toThrow(GridError);
  expect(admission.usage).toEqual({ memoryMiB: 0, diskMiB: 0, vms: 0 });
});

type Step =
  | { readonly kind: 'reserve'; readonly vmId: string; readonly need: typeof small }
  | { readonly kind: 'release'; readonly vmId: string };

const vmIds = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const needs = fc.record({
  memoryMiB: fc.integer({ min: 64, max: 1200 }),
  diskMiB: fc.integer({ min: 64, max: 4200 }),
  cpus: fc.integer({ min: 1, max: 5 }),
});
const steps = fc.array(
  fc.oneof<[fc.Arbitrary<Step>, fc.Arbitrary<Step>]>(
    fc.record({ kind: fc.constant('reserve'), vmId: vmIds, need: needs }),
    fc.record({ kind: fc.constant('release'), vmId: vmIds }),
  ),
  { maxLength: 60 },
);

test('whatever comes in whatever order, nothing is sold twice and the usage is the sum of what is held', () => {
  fc.assert(
    fc.property(steps, (sequence) => {
      const admission = new Admission(capacity);
      const held = new Map<string, typeof small>();
      for (const step of sequence) {
        // The plant gives every VM an id of its own.
        if (step.kind === 'reserve' && held.has(step.vmId)) continue;
        take(admission, held, step);
        const sum = (field: 'memoryMiB' | 'diskMiB') => [...held.values()].reduce((total, n) => total + n[field], 0);
        expect(admission.usage).toEqual({ memoryMiB: sum('memoryMiB'), diskMiB: sum('diskMiB'), vms: held.size });
        expect(sum('memoryMiB')).toBeLessThanOrEqual(capacity.memoryMiB);
        expect(sum('diskMiB')).toBeLessThanOrEqual(capacity.diskMiB);
        expect(held.size).toBeLessThanOrEqual(capacity.vms);
      }
    }),
  );
});

/** Does the step, and checks that a refusal is true and a reservation could not have been refused. */
function take(admission: Admission, held: Map<string, typeof small>, step: Step): void {
  if (step.kind === 'release') {
    admission.release(step.vmId);
    admission.release(step.vmId);
    held.delete(step.vmId);
    return;
  }
  const { need, vmId } = step;
  const { memoryMiB, diskMiB, vms } = admission.usage;
  const fits =
    need.cpus <= capacity.cpusPerVm &&
    memoryMiB + need.memoryMiB <= capacity.memoryMiB &&
    diskMiB + need.diskMiB <= capacity.diskMiB &&
    vms < capacity.vms;
  expect(admission.refusal(need) === undefined).toBe(fits);
  if (!fits) {
    expect(() => admission.reserve(vmId, need)).toThrow(GridError);
    return;
  }
  admission.reserve(vmId, need);
  held.set(vmId, need);
}

test('a machine is refused though the plant has room, when other programs have the memory of the host', () => {
  let availableMemoryMiB = 255;
  const admission = new Admission(capacity, { availableMemoryMiB: () => availableMemoryMiB });
  expect(() => admission.reserve('vm-1', small)).toThrow(
    expect.objectContaining({
      code: 'MEMORY_INSUFFICIENT',
      message: 'wants 256 MiB of memory, the host has 255, of which 0 are promised to machines being made: lacks 1',
      details: { wanted: 256, available: 255, promised: 0, lacking: 1 },
    }),
  );
  expect(admission.usage.vms).toBe(0);
  availableMemoryMiB = 256;
  admission.reserve('vm-1', small);
  expect(admission.usage.vms).toBe(1);
});

test('machines that are being made have none of the host yet: what they will take is not promised again', () => {
  const admission = new Admission(capacity, { availableMemoryMiB: () => 600 });
  const lacks = (promised: number) => ({
    code: 'MEMORY_INSUFFICIENT',
    details: { wanted: 256, available: 600, promised, lacking: promised + 256 - 600 },
  });
  admission.count('adopted', small);
  for (const vmId of ['vm-1', 'vm-2']) admission.reserve(vmId, small);
  expect(admission.hostRefusal(small)).toMatchObject(lacks(512));
  admission.made('vm-1');
  expect(admission.hostRefusal(small)).toBeUndefined();
  admission.release('adopted');
  admission.count('vm-1', { ...small, memoryMiB: 0 });
  admission.reserveMemory('vm-1', small);
  expect(admission.hostRefusal(small)).toMatchObject(lacks(512));
  admission.release('vm-2');
  admission.count('vm-1', small);
  expect(admission.hostRefusal(small)).toBeUndefined();
});

test('what gives way is in the usage, and not in the lasting one; of the host it has no memory that counts', () => {
  let availableMemoryMiB = 300;
  const admission = new Admission(capacity, { availableMemoryMiB: () => availableMemoryMiB });
  admission.reserve('built-unasked', { ...small, givesWay: true });
  const nothing = { memoryMiB: 0, diskMiB: 0, vms: 0 };
  expect([admission.usage.vms, admission.lastingUsage]).toEqual([1, nothing]);
  expect(admission.hostRefusal(small)).toBeUndefined();
  admission.made('built-unasked');
  availableMemoryMiB -= small.memoryMiB;
  expect(admission.hostRefusal(small)).toBeUndefined();
  expect(admission.hostRefusal({ ...small, memoryMiB: 301 })?.code).toBe('MEMORY_INSUFFICIENT');
  admission.release('built-unasked');
  expect([admission.usage, admission.lastingUsage]).toEqual([nothing, nothing]);
});
