/** A plant's limits for one owner, and its limit on the length of a DAG. */
import { expect, test } from '@jest/globals';
import { GridError, type OwnerLimits } from '@vmgrid/protocol';
import fc from 'fast-check';
import { Admission, dagRefusal } from '../src/index.ts';

const capacity = { memoryMiB: 1_000_000, diskMiB: 1_000_000, cpusPerVm: 4, vms: 1_000 };
const machine = { memoryMiB: 256, diskMiB: 1_024, cpus: 1 };
const ofAda = { ...machine, owner: 'ada' };

const admissionWith = (limits: OwnerLimits): Admission =>
  new Admission(capacity, { limitsOf: (owner) => (owner === 'ada' ? limits : {}) });

test.each([
  [{ vms: 2 }, 'OWNER_VM_LIMIT', { used: 2, wanted: 1, limit: 2 }],
  [{ memoryMiB: 700 }, 'OWNER_MEMORY_LIMIT', { used: 512, wanted: 256, limit: 700 }],
  [{ diskMiB: 3_071 }, 'OWNER_DISK_LIMIT', { used: 2_048, wanted: 1_024, limit: 3_071 }],
] as const)(
  'beyond %p its owner is refused with %s, what it has and what may be; others are not',
  (limits, code, numbers) => {
    const admission = admissionWith(limits);
    for (const vmId of ['a', 'b']) admission.reserve(vmId, ofAda);
    admission.reserve('nobodys', machine);
    admission.reserve('bobs', { ...machine, owner: 'bob' });
    expect(admission.refusal(ofAda)).toMatchObject({ code, details: numbers });
    expect(() => admission.reserve('c', ofAda)).toThrow(GridError);
    expect(admission.refusal({ ...machine, owner: 'bob' })).toBeUndefined();
    expect(admission.refusal(machine)).toBeUndefined();
    admission.release('a');
    expect(admission.refusal(ofAda)).toBeUndefined();
  },
);

test('what the plant lacks is said before what the owner has too much of', () => {
  const admission = new Admission({ ...capacity, vms: 1 }, { limitsOf: () => ({ vms: 1 }) });
  admission.reserve('a', ofAda);
  expect(admission.refusal(ofAda)?.code).toBe('VM_LIMIT');
});

const owners = fc.constantFrom('ada', 'bob', undefined);
const orders = fc.array(fc.record({ owner: owners, memoryMiB: fc.integer({ min: 1, max: 400 }) }), { maxLength: 40 });

test('whatever is asked for in whatever order, no owner has more than its limit, and nobody is refused for another', () => {
  fc.assert(
    fc.property(orders, fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 1_000 }), (asked, vms, memoryMiB) => {
      const admission = new Admission(capacity, { limitsOf: () => ({ vms, memoryMiB }) });
      const has = new Map<string, { vms: number; memoryMiB: number }>();
      for (const [index, { owner, ...need }] of asked.entries()) {
        const own = has.get(owner ?? '') ?? { vms: 0, memoryMiB: 0 };
        const fits = owner === undefined || (own.vms < vms && own.memoryMiB + need.memoryMiB <= memoryMiB);
        const wanted = { ...machine, ...need, owner };
        expect(admission.refusal(wanted) === undefined).toBe(fits);
        if (!fits) continue;
        admission.reserve(`vm-${index}`, wanted);
        has.set(owner ?? '', { vms: own.vms + 1, memoryMiB: own.memoryMiB + need.memoryMiB });
      }
    }),
  );
});

test('a plant says how long a DAG it takes; the longest of a request counts', () => {
  const dagOf = (length: number) => ({
    actions: Array.from({ length }, (_, index) => ({ kind: 'script' as const, id: `a${index}`, script: 'true' })),
  });
  expect(dagRefusal({ actionsPerDag: 3 }, dagOf(3), undefined)).toBeUndefined();
  expect(dagRefusal({}, dagOf(1_000))).toBeUndefined();
  expect(dagRefusal({ actionsPerDag: 3 }, dagOf(2), dagOf(4))).toMatchObject({
    code: 'DAG_TOO_LARGE',
    details: { actions: 4, limit: 3 },
  });
});
