import { beforeEach, expect, test } from '@jest/globals';
import { GridError, type ToldVm } from '@vmgrid/protocol';
import { VmBook } from '../../src/members/vm-book.ts';
import { VmPlaces } from '../../src/members/vm-places.ts';

const VM: ToldVm = { requestId: 'request-1', vmId: 'vm-1', state: 'running', memoryMiB: 256, diskMiB: 1_024 };
const LINK = {};

let book: VmBook;
let places: VmPlaces;
/** How often all plants were asked. */
let searches: number;

beforeEach(() => {
  searches = 0;
  book = new VmBook({ clock: { now: () => 0 }, keepsAbsent: true });
  const ask = async () => {
    searches += 1;
    return { answers: [{ plantId: 'b', value: { VmId: 'vm-1' } }], failures: [] };
  };
  places = new VmPlaces({ book, ask }, { kept: 10 });
  for (const plantId of ['a', 'b']) book.note({ change: 'joined', role: 'plant', plantId, version: '1', via: [] });
  book.apply(LINK, { kind: 'whole', plantId: 'a', run: 1, serial: 0, page: 0, last: true, vms: [VM] });
});

const endVm = () => book.apply(LINK, { kind: 'gone', plantId: 'a', run: 1, serial: 1, requestId: 'request-1' });
const nameOf = async (plantId: string) => plantId;

/** A plant that does not know the VM; `details`: what it says of it all the same. */
const unknownAt = (plant: string, details: { readonly state?: string } = {}) => {
  return async (plantId: string) => {
    if (plantId === plant) throw new GridError('VM_UNKNOWN', 'no such VM', details);
    return plantId;
  };
};

test('a VM that is gone is asked for at the plant that told of it, and nowhere else', async () => {
  endVm();
  expect([await places.at({ vmId: 'vm-1' }, nameOf), searches]).toEqual(['a', 0]);
});

test('a VM that no plant has told of is searched for once', async () => {
  expect([await places.at({ vmId: 'vm-2' }, nameOf), searches]).toEqual(['b', 1]);
  expect([await places.at({ vmId: 'vm-2' }, nameOf), searches]).toEqual(['b', 1]);
});

test('when its plant knows nothing of a VM all are asked; when it says that the VM is destroyed, that is the answer', async () => {
  expect([await places.at({ vmId: 'vm-1' }, unknownAt('a')), searches]).toEqual(['b', 1]);
  endVm();
  const destroyed = unknownAt('b', { state: 'destroyed' });
  await expect(places.at({ vmId: 'vm-1' }, destroyed)).rejects.toMatchObject({ details: { state: 'destroyed' } });
  expect(searches).toBe(1);
});
