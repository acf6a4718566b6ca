/** A plant's reports about its owners. */
import { expect, test } from '@jest/globals';
import { Admission, OwnerBook, ownerFingerprint } from '../src/index.ts';

const capacity = { memoryMiB: 10_000, diskMiB: 100_000, cpusPerVm: 4, vms: 100 };
const machine = { memoryMiB: 256, diskMiB: 1_024, cpus: 1 };
const used = { memoryMiB: 256, diskMiB: 1_024, vms: 1 };
const [ada, bob] = [ownerFingerprint('ada'), ownerFingerprint('bob')];

function plantWith(book: OwnerBook): Admission {
  return new Admission(capacity, {
    limitsOf: (owner) => book.limitsOf(owner),
    ownerChanged: (owner, usage) => book.note(owner, usage),
  });
}

test('owners that have something, or limits of their own, are told as they change, each once', () => {
  const book = new OwnerBook({ others: { vms: 2 }, named: new Map([['bob', { vms: 9 }]]) });
  const admission = plantWith(book);
  const nothing = { memoryMiB: 0, diskMiB: 0, vms: 0 };
  expect(book.takeNews()).toEqual({ owners: { [bob]: { used: nothing, limits: { vms: 9 } } } });
  admission.reserve('a', { ...machine, owner: 'ada' });
  admission.reserve('nobodys', machine);
  expect(book.takeNews()).toEqual({ owners: { [ada]: { used } } });
  expect(book.takeNews()).toEqual({});
  admission.count('a', { ...machine, memoryMiB: 0, owner: 'ada' }); // suspended
  expect(book.takeNews()).toEqual({ owners: { [ada]: { used: { ...used, memoryMiB: 0 } } } });
  admission.release('a');
  expect(book.takeNews()).toEqual({ owners: { [ada]: null } });
  expect(Object.keys(book.all())).toEqual([bob]);
});

test('an owner that came and went unnoticed is not told, and what is never told does not grow', () => {
  const book = new OwnerBook({ others: { vms: 2 }, named: new Map() });
  const admission = plantWith(book);
  for (let number = 0; number < 100; number++) {
    admission.reserve('a', { ...machine, owner: `owner-${number}` });
    admission.release('a');
  }
  expect(book.takeNews()).toEqual({});
});

test('a plant that limits nobody tells of nobody', () => {
  const book = new OwnerBook();
  plantWith(book).reserve('a', { ...machine, owner: 'ada' });
  expect([book.takeNews(), book.all(), book.others]).toEqual([{}, {}, {}]);
});
