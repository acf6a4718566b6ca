/** Lists of VMs over plants that answer, hang, or are away. */
import { beforeEach, expect, test } from '@jest/globals';
import { systemClock } from '@vmgrid/daemon';
import { Absences, Membership, Roll, VmBook } from '@vmgrid/market';
import { type Bidder, type Caller, GridError, type ToldVm, type VmsEvent } from '@vmgrid/protocol';
import { VmList } from '../../src/vms/vm-list.ts';

const ADA: Caller = { owner: 'ada', sees: 'own' };
const ALL: Caller = { owner: 'operator', sees: 'all' };
const never = new AbortController().signal;
const LEFT_AT = Date.parse('2026-01-01T00:00:00Z');

let book: VmBook;
let membership: Membership;
let asked: string[];
let unawaited: string[];
let list: VmList;

beforeEach(() => {
  [asked, unawaited] = [[], []];
  book = new VmBook({ clock: { now: () => LEFT_AT }, keepsAbsent: true });
  const absences = new Absences({ clock: systemClock, returnMs: 0, forgetMs: 60_000 });
  membership = new Membership({
    clock: systemClock,
    onProgress: () => undefined,
    onVms: (link, event) => book.apply(link, event),
    onChange: (change) => {
      book.note(change);
      absences.note(change);
    },
  });
  const roll = new Roll(membership, absences, 'the shop');
  list = new VmList({ membership, absences, roll, book, isAwaited: (plantId) => !unawaited.includes(plantId) });
});

const vm = (n: number, owner: string, more: Partial<ToldVm> = {}): ToldVm => ({
  ...{ requestId: `request-${n}`, owner, vmId: `vm-${n}`, state: 'running', memoryMiB: 256, diskMiB: 1_024 },
  ...more,
});

/** A plant that has told of these VMs, and answers lists so. */
function join(plantId: string, vms: readonly ToldVm[], answer: () => unknown = () => []): Bidder {
  const bidder = {
    plantId,
    hello: { plantId, version: '0', ad: {} },
    call: async () => {
      asked.push(plantId);
      return answer();
    },
  } as unknown as Bidder;
  membership.joined(bidder);
  const whole: VmsEvent = { kind: 'whole', plantId, run: 1, serial: 0, page: 0, last: true, vms: [...vms] };
  membership.notified(bidder, 'vms', [whole]);
  return bidder;
}

const lost = () => {
  throw new GridError('DEADLINE_EXCEEDED', 'list did not end within 2000 ms');
};

test('plants that do not answer or are away have what they told last, marked so, and are named', async () => {
  join('a', [vm(1, 'ada')], () => [{ VmId: 'vm-1', Colour: 'blue' }]);
  join('b', [vm(2, 'ada')], lost);
  membership.left(join('c', [vm(3, 'ada', { leaseEndsAt: '2026-01-02T00:00:00Z' })]), 'gone');
  const { vms, silentPlants } = await list.list({ caller: ADA }, never);
  const told = { PlantReached: false, LastToldAt: '2026-01-01T00:00:00.000Z', State: 'running', MemoryMiB: 256 };
  expect(vms).toEqual([
    { VmId: 'vm-1', Colour: 'blue' },
    expect.objectContaining({ VmId: 'vm-2', Plant: 'b', Owner: 'ada', RequestId: 'request-2', ...told }),
    expect.objectContaining({ VmId: 'vm-3', Plant: 'c', LeaseEndsAt: '2026-01-02T00:00:00Z', ...told }),
  ]);
  expect(silentPlants).toEqual(['b', 'c']);
});

test('a plant that hangs is not asked', async () => {
  join('a', [vm(1, 'ada')]);
  unawaited = ['a'];
  const { vms, silentPlants } = await list.list({ caller: ALL }, never);
  expect([asked, vms.map(({ VmId }) => VmId), silentPlants]).toEqual([[], ['vm-1'], ['a']]);
});

test("what is told for a plant is the caller's, meets the constraint, and is a VM already", async () => {
  const { vmId: _, ...waiting } = vm(4, 'ada');
  join('a', [vm(1, 'ada'), vm(2, 'bob'), vm(3, 'ada', { state: 'suspended' }), waiting], lost);
  const idsOf = async (caller: Caller, constraint?: string) =>
    (await list.list({ caller, ...(constraint === undefined ? {} : { constraint }) }, never)).vms.map(
      ({ VmId }) => VmId,
    );
  expect(await idsOf(ADA)).toEqual(['vm-1', 'vm-3']);
  expect(await idsOf(ADA, 'State == "suspended"')).toEqual(['vm-3']);
  expect(await idsOf(ADA, 'Colour == "blue"')).toEqual([]);
  expect(await idsOf(ALL)).toEqual(['vm-1', 'vm-2', 'vm-3']);
});

test('plants that are here and have nothing of the caller are neither asked nor missed', async () => {
  join('a', [vm(1, 'ada')]);
  join('b', [vm(2, 'bob')], lost);
  expect(await list.list({ caller: ADA }, never)).toEqual({ vms: [], silentPlants: [] });
  expect(asked).toEqual(['a']);
});
