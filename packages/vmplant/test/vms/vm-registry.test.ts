import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { RequestFingerprints, requestFingerprint } from '@vmgrid/bidding';
import { startNode } from '@vmgrid/test-support/hosts/node-process.ts';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { moveTo } from '../../src/vms/vm.ts';
import { VmRegistry } from '../../src/vms/vm-registry.ts';
import { recordOf } from './made-up-records.ts';

const temporary = useTemporaryFolder();
const root = () => join(temporary(), 'vms');

test('records are found by VM and by request, and listed', async () => {
  const registry = await VmRegistry.open(root());
  const [one, two] = [recordOf(), recordOf({ vmId: 'vm-2', requestId: 'request-2' })];
  await registry.add(one);
  await registry.add(two);
  expect(registry.find('vm-2')).toEqual(two);
  expect(registry.get('vm-1')).toEqual(one);
  expect(registry.byRequest({ requestId: 'request-2' })).toEqual(two);
  expect(registry.byRequest({ requestId: 'request-3' })).toBeUndefined();
  expect(registry.all()).toEqual([one, two]);
});

test('what a plant holds for its records follows them, also in the next run', async () => {
  const requests = new RequestFingerprints();
  const registry = await VmRegistry.open(root(), undefined, requests);
  await registry.add(recordOf());
  await registry.add(recordOf({ vmId: 'vm-2', requestId: 'request-2' }));
  await registry.update('vm-1', (record) => ({ ...record, sshPort: 1 }));
  await registry.remove('vm-2');
  await registry.remove('vm-2');
  expect(registry.byRequest({ requestId: 'request-2' })).toBeUndefined();
  expect(registry.byRequest(recordOf())).toMatchObject({ sshPort: 1 });
  expect([...requests.all()]).toEqual([requestFingerprint(recordOf().requestId)]);
  const next = new RequestFingerprints();
  await VmRegistry.open(root(), undefined, next);
  expect([...next.all()]).toEqual([...requests.all()]);
});

test("a request's VM is its owner's; of several the first that is still there", async () => {
  const registry = await VmRegistry.open(root());
  for (const [vmId, owner] of Object.entries({ 'vm-1': 'ada', 'vm-2': 'bob', 'vm-3': 'ada' })) {
    await registry.add(recordOf({ vmId, owner }));
  }
  const { requestId } = recordOf();
  const found = (owner?: string) => registry.byRequest({ requestId, ...(owner && { owner }) })?.vmId;
  expect([found('ada'), found('bob'), found('eve'), found()]).toEqual(['vm-1', 'vm-2', undefined, undefined]);
  await registry.remove('vm-1');
  expect([found('ada'), found('bob')]).toEqual(['vm-3', 'vm-2']);
  const again = await VmRegistry.open(root());
  expect(again.byRequest({ requestId, owner: 'ada' })?.vmId).toBe('vm-3');
});

test('an unknown VM is an error by get and undefined by find', async () => {
  const registry = await VmRegistry.open(root());
  expect(registry.find('vm-9')).toBeUndefined();
  expect(() => registry.get('vm-9')).toThrow(
    expect.objectContaining({ code: 'VM_UNKNOWN', details: { vmId: 'vm-9' } }),
  );
  await expect(registry.update('vm-9', (record) => record)).rejects.toMatchObject({ code: 'VM_UNKNOWN' });
});

test('records survive: the next run finds the last state of each', async () => {
  const registry = await VmRegistry.open(root());
  await registry.add(recordOf({ state: 'planned' }));
  await registry.update('vm-1', (record) => moveTo(record, 'cloning', { machineState: { pid: 7 } }));
  const reopened = await VmRegistry.open(root());
  expect(reopened.all()).toEqual([recordOf({ state: 'cloning', machineState: { pid: 7 } })]);
});

test('a crash while a record is written leaves the old one', async () => {
  const registry = await VmRegistry.open(root());
  await registry.add(recordOf({ state: 'planned' }));
  await writeFile(join(root(), 'vm-1', 'record.json.new'), '{"vmId": "vm-1", "sta');
  expect((await VmRegistry.open(root())).all()).toEqual([recordOf({ state: 'planned' })]);
});

test('a folder that never got its record is removed, whatever is in it', async () => {
  await mkdir(join(root(), 'vm-1', 'work'), { recursive: true });
  await writeFile(join(root(), 'vm-1', 'work', 'overlay.qcow2'), 'disk');
  await writeFile(join(root(), 'vm-1', 'record.json.new'), '{');
  expect((await VmRegistry.open(root())).all()).toEqual([]);
  expect(await readdir(root())).toEqual([]);
});

test('a file among the folders is no VM and no obstacle', async () => {
  await mkdir(root());
  await writeFile(join(root(), 'note.txt'), 'hello');
  expect((await VmRegistry.open(root())).all()).toEqual([]);
  expect(await readdir(root())).toEqual(['note.txt']);
});

test('after kill -9 the record is whole and no older than what was acknowledged', async () => {
  for (let round = 1; round <= 3; round += 1) {
    const folder = join(temporary(), `round-${round}`);
    const writer = startNode(join(import.meta.dirname, 'registry-process.ts'), folder);
    let acknowledged = 0;
    while (acknowledged < 5 * round) acknowledged = Number(await writer.line());
    await writer.kill();
    const record = (await VmRegistry.open(folder)).get('vm-1');
    expect(record).toEqual(recordOf({ actionsRun: record.actionsRun }));
    expect(record.actionsRun).toBeGreaterThanOrEqual(acknowledged);
  }
}, 60_000);

test('changes at the same time are made one on top of the other, in memory and on disk', async () => {
  const registry = await VmRegistry.open(root());
  await registry.add(recordOf({ actionsRun: 0 }));
  const numbers = Array.from({ length: 50 }, (_, index) => String(index));
  const updates = numbers.map((number) =>
    registry.update('vm-1', (record) => ({ ...record, failedActions: [...record.failedActions, number] })),
  );
  expect(registry.get('vm-1').failedActions).toEqual(numbers);
  const results = await Promise.all(updates);
  expect(results.map((record) => record.failedActions.length)).toEqual(numbers.map((number) => Number(number) + 1));
  expect((await VmRegistry.open(root())).get('vm-1').failedActions).toEqual(numbers);
});

test('a change that throws changes nothing', async () => {
  const registry = await VmRegistry.open(root());
  await registry.add(recordOf());
  await expect(registry.update('vm-1', (record) => moveTo(record, 'planned'))).rejects.toThrow('cannot go');
  expect(registry.get('vm-1')).toEqual(recordOf());
});

test('a write that fails does not stop the next one', async () => {
  const registry = await VmRegistry.open(root());
  await registry.add(recordOf());
  await mkdir(join(root(), 'vm-1', 'record.json.new'));
  await expect(registry.update('vm-1', (record) => ({ ...record, actionsRun: 2 }))).rejects.toThrow('EISDIR');
});

test('a change that could not be written is told: it is true all the same', async () => {
  const told: unknown[] = [];
  const registry = await VmRegistry.open(root(), (record) => told.push(record?.actionsRun));
  await registry.add(recordOf({ actionsRun: 1 }));
  await mkdir(join(root(), 'vm-1', 'record.json.new'));
  await expect(registry.update('vm-1', (record) => ({ ...record, actionsRun: 2 }))).rejects.toThrow('EISDIR');
  expect(registry.get('vm-1').actionsRun).toBe(2);
  expect(told).toEqual([1, 2]);
});

test('a VM that is removed leaves no folder and is unknown, twice as well as once', async () => {
  const registry = await VmRegistry.open(root());
  await registry.add(recordOf());
  await writeFile(join(registry.directory('vm-1'), 'overlay.qcow2'), 'disk');
  await registry.remove('vm-1');
  await registry.remove('vm-1');
  expect(registry.find('vm-1')).toBeUndefined();
  expect(await readdir(root())).toEqual([]);
});

test('a change that comes while the VM is removed neither keeps nor brings back its folder', async () => {
  const registry = await VmRegistry.open(root());
  for (let round = 0; round < 30; round += 1) {
    await registry.add(recordOf());
    const before = registry.update('vm-1', (record) => ({ ...record, actionsRun: 7 }));
    const removed = registry.remove('vm-1');
    const late = registry.update('vm-1', (record) => ({ ...record, actionsRun: 8 }));
    const outcomes = await Promise.allSettled([before, removed, late]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(await readdir(root())).toEqual([]);
    expect(registry.find('vm-1')).toBeUndefined();
  }
});

test('the record is JSON that people can read', async () => {
  const registry = await VmRegistry.open(root());
  await registry.add(recordOf());
  expect(JSON.parse(await readFile(join(root(), 'vm-1', 'record.json'), 'utf8'))).toEqual(recordOf());
});
