import { expect, test } from '@jest/globals';
import { ofOwner } from '@vmgrid/access';
import type { ClassAdJson, CreateRequest, Identified } from '@vmgrid/protocol';
import fc from 'fast-check';
import type { Quota, Quotas } from '../../src/quotas/quota.ts';
import { QuotaDesk } from '../../src/quotas/quota-desk.ts';

const create = (requestId: string, more: Partial<Identified<CreateRequest>> = {}): Identified<CreateRequest> => ({
  requestId,
  caller: { owner: 'ada', sees: 'own' },
  machine: { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 2_048 },
  dag: { actions: [] },
  ...more,
});
const ad = (requestId: string): ClassAdJson => ({ RequestId: requestId, MemoryMiB: 256, DiskMiB: 2_048 });

/** A desk over plants that know what the test says. */
function deskOf(quota: Quota, plants: { vms: ClassAdJson[] } = { vms: [] }): QuotaDesk {
  return new QuotaDesk(async () => [...plants.vms], { default: quota });
}
const refusal = (code: string, details: object) => expect.objectContaining({ code, details });

test.each([
  [{ vms: 2 }, 'QUOTA_VMS', { used: 2, wanted: 1, limit: 2 }],
  [{ memoryMiB: 700 }, 'QUOTA_MEMORY', { used: 512, wanted: 256, limit: 700 }],
  [{ diskMiB: 6_143 }, 'QUOTA_DISK', { used: 4_096, wanted: 2_048, limit: 6_143 }],
] as const)(
  'one machine more than %p is refused with %s, what there is and what may be',
  async (quota, code, numbers) => {
    const desk = deskOf(quota, { vms: [ad('1'), ad('2')] });
    await expect(desk.admit(create('3'))).rejects.toEqual(refusal(code, { owner: 'ada', ...numbers }));
    const roomier = deskOf({ vms: 3, memoryMiB: 768, diskMiB: 6_144 }, { vms: [ad('1'), ad('2')] });
    expect((await roomier.admit(create('3'))).request.requestId).toBe('3');
  },
);

test('a request whose VM is there already is no machine more', async () => {
  const desk = deskOf({ vms: 1 }, { vms: [ad('1')] });
  expect((await desk.admit(create('1'))).request).toEqual(create('1'));
});

test('what is being made counts before plants tell of it, once when they do, and no more when it has failed', async () => {
  const plants = { vms: [] as ClassAdJson[] };
  const desk = deskOf({ vms: 2 }, plants);
  const first = await desk.admit(create('1'));
  const second = await desk.admit(create('2'));
  await expect(desk.admit(create('3'))).rejects.toMatchObject({ code: 'QUOTA_VMS' });
  plants.vms = [ad('1')];
  first[Symbol.dispose]();
  await expect(desk.admit(create('3'))).rejects.toMatchObject({ code: 'QUOTA_VMS', details: { used: 2 } });
  second[Symbol.dispose](); // it failed: no plant tells of it
  expect((await desk.admit(create('3'))).request.requestId).toBe('3');
});

test('one that ends while plants are being asked still counts: their answer may be from before', async () => {
  const answer = Promise.withResolvers<ClassAdJson[]>();
  const answers: Promise<ClassAdJson[]>[] = [Promise.resolve([]), answer.promise];
  const desk = new QuotaDesk(() => answers.shift()!, { default: { vms: 1 } });
  const first = await desk.admit(create('1'));
  const second = desk.admit(create('2'));
  first[Symbol.dispose]();
  answer.resolve([]);
  await expect(second).rejects.toMatchObject({ code: 'QUOTA_VMS' });
});

test('however many are asked for at once, no owner gets more than its quota', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 1, max: 12 }), async (vms, asked) => {
      const desk = deskOf({ vms });
      const outcomes = await Promise.allSettled(Array.from({ length: asked }, (_, n) => desk.admit(create(`r${n}`))));
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(Math.min(vms, asked));
    }),
  );
});

test('a lease within the quota is as asked; one that is not named is the quota; a longer one is refused', async () => {
  const desk = deskOf({ lease: 'PT2H' });
  expect((await desk.admit(create('1', { lease: 'PT1H' }))).request.lease).toBe('PT1H');
  expect((await desk.admit(create('2'))).request.lease).toBe('PT2H');
  const details = { owner: 'ada', wanted: 'PT121M', limit: 'PT2H' };
  await expect(desk.admit(create('3', { lease: 'PT121M' }))).rejects.toEqual(refusal('QUOTA_LEASE', details));
  const renewal = { vmId: 'vm-1', caller: { owner: 'ada', sees: 'own' }, lease: 'P1D' } as const;
  expect(() => desk.requireRenew(renewal)).toThrow(expect.objectContaining({ code: 'QUOTA_LEASE' }));
});

test('a DAG has as many actions as the quota, the destruction DAG and that of configure too', async () => {
  const desk = deskOf({ actions: 1 });
  const dag = { actions: ['a', 'b'].map((id) => ({ id, kind: 'script' as const, script: 'true' })) };
  const details = { owner: 'ada', wanted: 2, limit: 1 };
  await expect(desk.admit(create('1', { dag }))).rejects.toEqual(refusal('QUOTA_ACTIONS', details));
  await expect(desk.admit(create('1', { destruction: dag }))).rejects.toMatchObject({ code: 'QUOTA_ACTIONS' });
  const more = { vmId: 'vm-1', caller: { owner: 'ada', sees: 'own' }, dag } as const;
  expect(() => desk.requireConfigure(more)).toThrow(expect.objectContaining({ code: 'QUOTA_ACTIONS' }));
});

test("an owner's own quota stands before the default, field by field; a name that every object has is none", () => {
  const quotas: Quotas = { default: { vms: 2, lease: 'PT1H' }, owners: { ada: { vms: 9 } } };
  expect(ofOwner(quotas, 'ada')).toEqual({ vms: 9, lease: 'PT1H' });
  expect(ofOwner(quotas, 'bob')).toEqual({ vms: 2, lease: 'PT1H' });
  expect(ofOwner(quotas, 'constructor')).toEqual({ vms: 2, lease: 'PT1H' });
});

test('without quotas plants are not even asked', async () => {
  const desk = new QuotaDesk(() => Promise.reject(new Error('asked')), {});
  expect((await desk.admit(create('1'))).request).toEqual(create('1'));
});
