import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { expect, test } from '@jest/globals';
import { RequestFingerprints, requestFingerprint } from '@vmgrid/bidding';
import { startNode } from '@vmgrid/test-support/hosts/node-process.ts';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { v7 as uuid } from 'uuid';
import { LearntDurations } from '../src/creation/durations.ts';
import { openDatabase, openDatabaseInMemory } from '../src/database.ts';
import { DEPARTED_KEPT, DestroyedVms } from '../src/vms/destroyed-vms.ts';

const directory = useTemporaryFolder();
const file = () => join(directory(), 'plant.sqlite');
const NOW = Date.parse('2026-06-01T00:00:00Z');
const departedIn = (database: DatabaseSync, requests = new RequestFingerprints()) =>
  new DestroyedVms(database, { requests, clock: { now: () => NOW } });
/** A UUID of version 7 made at a time. */
const requestIdOf = (msecs: number): string => uuid({ msecs });
const locked = () => expect.objectContaining({ code: 'STATE_LOCKED', details: { file: file() } });

test('a second plant is kept out until the first closes its database', () => {
  const first = openDatabase(file());
  expect(() => openDatabase(file())).toThrow(locked());
  first.close();
  openDatabase(file()).close();
});

test('a second process is kept out until the first is killed, and finds what it wrote', async () => {
  const other = startNode(join(import.meta.dirname, 'database-process.ts'), file());
  expect(await other.line()).toBe('open');
  expect(() => openDatabase(file())).toThrow(locked());
  await other.kill();
  const database = openDatabase(file());
  expect(new LearntDurations(database).expect('learnt-by-another')).toBe(3);
  database.close();
});

test('a file that is no database is an error of its own', async () => {
  await writeFile(file(), 'not a database, but long enough to be looked at as one'.repeat(20));
  expect(() => openDatabase(file())).toThrow('not a database');
});

test('the final classad of a VM is found by VM and by request, also by the next run', () => {
  const database = openDatabase(file());
  departedIn(database).add('vm-1', 'request-1', { VmId: 'vm-1', State: 'destroyed' });
  database.close();
  const destroyedVms = departedIn(openDatabase(file()));
  expect(destroyedVms.byVm('vm-1')).toEqual({ VmId: 'vm-1', State: 'destroyed' });
  expect(destroyedVms.byRequest({ requestId: 'request-1' })).toEqual({ VmId: 'vm-1', State: 'destroyed' });
  expect(destroyedVms.byVm('request-1')).toBeUndefined();
});

test('a VM that departs twice has its last words remembered', () => {
  const destroyedVms = departedIn(openDatabase(file()));
  destroyedVms.add('vm-1', 'request-1', { State: 'collecting' });
  destroyedVms.add('vm-1', 'request-1', { State: 'destroyed' });
  expect(destroyedVms.byVm('vm-1')).toEqual({ State: 'destroyed' });
});

test('of two VMs of one request the later is found', () => {
  const destroyedVms = departedIn(openDatabase(file()));
  destroyedVms.add('vm-1', 'request-1', { VmId: 'vm-1' });
  destroyedVms.add('vm-2', 'request-1', { VmId: 'vm-2' });
  expect(destroyedVms.byRequest({ requestId: 'request-1' })).toEqual({ VmId: 'vm-2' });
});

test('the oldest are forgotten once there are more than the limit', () => {
  const database = openDatabaseInMemory();
  const requests = new RequestFingerprints();
  const destroyedVms = departedIn(database, requests);
  for (let index = 0; index < DEPARTED_KEPT + 5; index += 1) destroyedVms.add(`vm-${index}`, `request-${index}`, {});
  expect(database.prepare('SELECT count(*) AS count FROM departed').get()?.count).toBe(DEPARTED_KEPT);
  expect(destroyedVms.byVm('vm-4')).toBeUndefined();
  expect(destroyedVms.byVm('vm-5')).toEqual({});
  expect(requests.size).toBe(DEPARTED_KEPT);
  expect([...requests.all()]).toContain(requestFingerprint('request-5'));
  expect([...requests.all()]).not.toContain(requestFingerprint('request-4'));
  const next = new RequestFingerprints();
  departedIn(database, next);
  expect([...next.all()].sort()).toEqual([...requests.all()].sort());
});

test('up to when requests are forgotten is known by the times in their ids, also by the next run', () => {
  const database = openDatabaseInMemory();
  const destroyedVms = departedIn(database);
  const ids = [requestIdOf(NOW - 1_000), requestIdOf(NOW - 5_000), 'no-time', requestIdOf(NOW + 86_400_000)];
  for (const [index, id] of ids.entries()) destroyedVms.add(`vm-${index}`, id, {});
  const seen: number[] = [];
  for (let index = ids.length; seen.length < ids.length; index += 1) {
    destroyedVms.add(`vm-${index}`, `request-${index}`, {});
    if (index >= DEPARTED_KEPT) seen.push(destroyedVms.forgottenUntil);
  }
  expect(seen).toEqual([NOW - 1_000, NOW - 1_000, NOW - 1_000, NOW - 1_000]);
  expect(departedIn(database).forgottenUntil).toBe(NOW - 1_000);
});

test('a database that forgot before it noted up to when has forgotten all up to now', () => {
  const before = openDatabase(file());
  departedIn(before).add('vm-1', 'request-1', {});
  before.exec('UPDATE departed SET sequence = 2; DROP TABLE forgotten');
  before.close();
  expect(departedIn(openDatabase(file())).forgottenUntil).toBeGreaterThan(Date.now() - 60_000);
});

test('a request whose last words found no room is forgotten', () => {
  const destroyedVms = departedIn(openDatabaseInMemory());
  expect(destroyedVms.forgottenUntil).toBe(0);
  destroyedVms.forget(requestIdOf(NOW - 1_000));
  destroyedVms.forget('no-time');
  expect(destroyedVms.forgottenUntil).toBe(NOW - 1_000);
});

test('what was forgotten on a full disk is known to the next run once there was room again', () => {
  const database = openDatabase(file());
  const destroyedVms = departedIn(database);
  const forgotten = requestIdOf(NOW - 1_000);
  fillUp(database);
  destroyedVms.forget(forgotten);
  expect(destroyedVms.forgottenUntil).toBe(NOW - 1_000);
  makeRoom(database);
  destroyedVms.add('vm-2', requestIdOf(NOW), { VmId: 'vm-2' });
  database.close();
  expect(departedIn(openDatabase(file())).forgottenUntil).toBe(NOW - 1_000);
});

test('one forgotten request with an id ahead of the clock makes no others expire', () => {
  const destroyedVms = departedIn(openDatabaseInMemory());
  destroyedVms.forget(requestIdOf(NOW + 60_000));
  expect(destroyedVms.forgottenUntil).toBe(0);
});

/** From now on whoever notes up to when was forgotten needs more pages than there are. */
function fillUp(database: DatabaseSync): void {
  database.exec(`
    CREATE TABLE ballast (x);
    CREATE TRIGGER grow AFTER UPDATE ON forgotten BEGIN INSERT INTO ballast VALUES (zeroblob(100000)); END`);
  const { page_count: pages } = database.prepare('PRAGMA page_count').get()!;
  database.exec(`PRAGMA max_page_count = ${pages}`);
}

function makeRoom(database: DatabaseSync): void {
  database.exec('DROP TRIGGER grow; PRAGMA max_page_count = 1000000');
}
