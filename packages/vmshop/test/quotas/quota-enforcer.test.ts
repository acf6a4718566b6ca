import { beforeEach, expect, test } from '@jest/globals';
import { ofOwner } from '@vmgrid/access';
import { VmBook } from '@vmgrid/market';
import { type CreateRequest, GridError, type Identified, type ToldVm, type VmsEvent } from '@vmgrid/protocol';
import fc from 'fast-check';
import type { Quota, Quotas } from '../../src/quotas/quota.ts';
import { QuotaEnforcer } from '../../src/quotas/quota-enforcer.ts';

const create = (requestId: string, more: Partial<Identified<CreateRequest>> = {}): Identified<CreateRequest> => ({
  requestId,
  caller: { owner: 'ada', sees: 'own' },
  machine: { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 2_048 },
  dag: { actions: [] },
  ...more,
});
const vm = (requestId: string, more: Partial<ToldVm> = {}): ToldVm => ({
  ...{ requestId, owner: 'ada', state: 'running', memoryMiB: 256, diskMiB: 2_048 },
  ...more,
});
const refusal = (code: string, details: object) => expect.objectContaining({ code, details });
const lost = () => Promise.reject(new GridError('PLANT_LOST', 'the plant left and did not return'));

let now: number;
let book: VmBook;
let serial: number;
const link = {};

beforeEach(() => {
  now = Date.parse('2026-01-01T00:00:00Z');
  serial = 0;
  book = new VmBook({ clock: { now: () => now }, keepsAbsent: true });
});

function enforcerOf(quota: Quota): QuotaEnforcer {
  return new QuotaEnforcer({ book, clock: { now: () => now }, requestDeadlineMs: 60_000 }, { default: quota });
}

function member(change: 'joined' | 'left', plantId: string): void {
  book.note({ change, role: 'plant', plantId, version: '1', via: [] });
}

/** A plant comes and tells what it has. */
function joins(plantId: string, ...vms: ToldVm[]): void {
  member('joined', plantId);
  book.apply(link, { kind: 'whole', plantId, run: 1, serial, page: 0, last: true, vms });
}

function tell(plantId: string, event: { kind: 'change'; vm: ToldVm } | { kind: 'gone'; requestId: string }): void {
  const told = { plantId, run: 1, serial: ++serial };
  const { kind, ...what } = event;
  const at = new Date(now).toISOString();
  book.apply(link, { kind, ...told, ...what, ...(kind === 'change' ? { at } : { owner: 'ada' }) } as VmsEvent);
}

test.each([
  [{ vms: 2 }, 'QUOTA_VMS', { used: 2, wanted: 1, limit: 2 }],
  [{ memoryMiB: 700 }, 'QUOTA_MEMORY', { used: 512, wanted: 256, limit: 700 }],
  [{ diskMiB: 6_143 }, 'QUOTA_DISK', { used: 4_096, wanted: 2_048, limit: 6_143 }],
] as const)('one machine more than %p is refused with %s, what there is and what may be', (quota, code, numbers) => {
  joins('a', vm('1'));
  joins('b', vm('2'), vm('3', { owner: 'bob' }));
  expect(() => enforcerOf(quota).admit(create('4'))).toThrow(refusal(code, { owner: 'ada', ...numbers }));
  const roomier = enforcerOf({ vms: 3, memoryMiB: 768, diskMiB: 6_144 });
  expect(roomier.admit(create('4')).request.requestId).toBe('4');
});

test('a request whose VM is there already is no machine more', async () => {
  joins('a', vm('1'));
  using admitted = enforcerOf({ vms: 1 }).admit(create('1'));
  expect(await admitted.at('a', async () => 'the VM')).toBe('the VM');
  expect(book.usageOf('ada').vms).toBe(1);
});

test('it is one more where its plant is away, or leaves before the award: it may be made once more then', async () => {
  const enforcer = enforcerOf({ vms: 1 });
  joins('a', vm('1'));
  joins('b');
  using admitted = enforcer.admit(create('1'));
  member('left', 'a');
  await expect(admitted.at('b', async () => 'another VM')).rejects.toMatchObject({ code: 'QUOTA_VMS' });
  expect(() => enforcer.admit(create('1'))).toThrow(refusal('QUOTA_VMS', expect.objectContaining({ used: 1 })));
});

test('a plant that refuses to tell of its VM again leaves no room for another', async () => {
  joins('a', vm('1'));
  joins('b');
  using admitted = enforcerOf({ vms: 1 }).admit(create('1'));
  const refused = admitted.at('a', () => Promise.reject(new GridError('DRAINING', 'the plant is shutting down')));
  await expect(refused).rejects.toMatchObject({ code: 'DRAINING' });
  await expect(admitted.at('b', async () => 'another VM')).rejects.toMatchObject({ code: 'QUOTA_VMS' });
});

test('what is let in counts before it is awarded, once when its plant tells of it, and no more when it has failed', async () => {
  const enforcer = enforcerOf({ vms: 2 });
  joins('a');
  const first = enforcer.admit(create('1'));
  const second = enforcer.admit(create('2'));
  expect(() => enforcer.admit(create('3'))).toThrow(refusal('QUOTA_VMS', expect.objectContaining({ used: 2 })));
  await first.at('a', async () => tell('a', { kind: 'change', vm: vm('1') }));
  first[Symbol.dispose]();
  expect(() => enforcer.admit(create('3'))).toThrow(refusal('QUOTA_VMS', expect.objectContaining({ used: 2 })));
  await second.at('a', () => Promise.reject(new GridError('ACTION_FAILED', 'no'))).catch(() => undefined);
  second[Symbol.dispose](); // the plant tells of nothing
  expect(enforcer.admit(create('3')).request.requestId).toBe('3');
});

test('what a plant refuses counts on for the next one, also when the plant has told that it is gone', async () => {
  const enforcer = enforcerOf({ vms: 1 });
  joins('a');
  joins('b');
  using admitted = enforcer.admit(create('1'));
  const refused = admitted.at('a', async () => {
    tell('a', { kind: 'change', vm: vm('1', { state: 'planned' }) });
    tell('a', { kind: 'gone', requestId: '1' });
    expect(() => enforcer.admit(create('2'))).toThrow(refusal('QUOTA_VMS', expect.objectContaining({ used: 1 })));
    throw new GridError('MEMORY_INSUFFICIENT', 'no room');
  });
  await expect(refused).rejects.toMatchObject({ code: 'MEMORY_INSUFFICIENT' });
  expect(() => enforcer.admit(create('2'))).toThrow(refusal('QUOTA_VMS', expect.objectContaining({ used: 1 })));
  await admitted.at('b', async () => undefined);
  expect(book.usageOf('ada').vms).toBe(1);
});

test.each([
  ['has it', [vm('1')], 1],
  ['has it not', [], 0],
] as const)(
  'an award that ended in doubt counts until its plant is back and tells that it %s',
  async (_, vms, used) => {
    const enforcer = enforcerOf({ vms: 1 });
    joins('a');
    const admitted = enforcer.admit(create('1'));
    await admitted
      .at('a', () => {
        member('left', 'a');
        return lost();
      })
      .catch(() => undefined);
    admitted[Symbol.dispose]();
    expect(() => enforcer.admit(create('2'))).toThrow(refusal('QUOTA_VMS', expect.objectContaining({ used: 1 })));
    member('joined', 'a');
    expect(() => enforcer.admit(create('2'))).toThrow(refusal('QUOTA_VMS', expect.objectContaining({ used: 1 })));
    joins('a', ...vms);
    expect(book.usageOf('ada').vms).toBe(used);
  },
);

test('what a plant that left had counts until its leases have ended; what sleeps then and an award in doubt longer', async () => {
  const enforcer = enforcerOf({ vms: 9 });
  const suspended = vm('2', { atLeaseEnd: 'suspend', leaseEndsAt: '2026-01-01T01:00:00Z' });
  joins('a', vm('1', { leaseEndsAt: '2026-01-01T01:00:00Z' }), suspended);
  using admitted = enforcer.admit(create('3'));
  await admitted.at('a', lost).catch(() => undefined);
  member('left', 'a');
  admitted[Symbol.dispose]();
  expect(book.usageOf('ada').vms).toBe(3);
  now = Date.parse('2026-01-01T01:00:00Z');
  expect(book.usageOf('ada').vms).toBe(2);
  now += 30 * 86_400_000;
  expect(book.usageOf('ada').vms).toBe(0);
});

test('however many are asked for at once, no owner gets more than its quota', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 1, max: 12 }), (vms, asked) => {
      const enforcer = enforcerOf({ vms });
      const isAdmitted = (n: number): boolean => {
        try {
          enforcer.admit(create(`r${n}`));
          return true;
        } catch {
          return false;
        }
      };
      expect(Array.from({ length: asked }, (_, n) => isAdmitted(n)).filter(Boolean)).toHaveLength(Math.min(vms, asked));
    }),
  );
});

test('a lease within the quota is as asked; one that is not named is the quota; a longer one is refused', () => {
  const enforcer = enforcerOf({ lease: 'PT2H' });
  expect(enforcer.admit(create('1', { lease: 'PT1H' })).request.lease).toBe('PT1H');
  expect(enforcer.admit(create('2')).request.lease).toBe('PT2H');
  const details = { owner: 'ada', wanted: 'PT121M', limit: 'PT2H' };
  expect(() => enforcer.admit(create('3', { lease: 'PT121M' }))).toThrow(refusal('QUOTA_LEASE', details));
  const renewal = { vmId: 'vm-1', caller: { owner: 'ada', sees: 'own' }, lease: 'P1D' } as const;
  expect(() => enforcer.requireRenew(renewal)).toThrow(expect.objectContaining({ code: 'QUOTA_LEASE' }));
});

test('a DAG has as many actions as the quota, the destruction DAG and that of configure too', () => {
  const enforcer = enforcerOf({ actions: 1 });
  const dag = { actions: ['a', 'b'].map((id) => ({ id, kind: 'script' as const, script: 'true' })) };
  const details = { owner: 'ada', wanted: 2, limit: 1 };
  expect(() => enforcer.admit(create('1', { dag }))).toThrow(refusal('QUOTA_ACTIONS', details));
  expect(() => enforcer.admit(create('1', { destruction: dag }))).toThrow(refusal('QUOTA_ACTIONS', details));
  const more = { vmId: 'vm-1', caller: { owner: 'ada', sees: 'own' }, dag } as const;
  expect(() => enforcer.requireConfigure(more)).toThrow(expect.objectContaining({ code: 'QUOTA_ACTIONS' }));
});

test("an owner's own quota stands before the default, field by field; a name that every object has is none", () => {
  const quotas: Quotas = { default: { vms: 2, lease: 'PT1H' }, owners: { ada: { vms: 9 } } };
  expect(ofOwner(quotas, 'ada')).toEqual({ vms: 9, lease: 'PT1H' });
  expect(ofOwner(quotas, 'bob')).toEqual({ vms: 2, lease: 'PT1H' });
  expect(ofOwner(quotas, 'constructor')).toEqual({ vms: 2, lease: 'PT1H' });
});

test('where no room is limited nothing is refused, and what is awarded is entered all the same', async () => {
  using admitted = enforcerOf({}).admit(create('1'));
  expect(await admitted.at('a', async () => book.usageOf('ada').vms)).toBe(1);
});
