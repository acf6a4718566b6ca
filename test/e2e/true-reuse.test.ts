/** An image makes a request faster, and nothing else: what comes of it is what comes of a machine made cold. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Action, Dag } from '@vmgrid/dag';
import type { EqualityReply, VmReply } from '@vmgrid/protocol';
import { dag, host, SIMULATED_MACHINE as MACHINE, script } from '@vmgrid/test-support/grids/documents.ts';
import { OPEN_GRID_MS, TestGrid } from '@vmgrid/test-support/grids/test-grid.ts';
import { followToEnd } from '../../packages/vmgrid/src/follow.ts';

/** Notes which machine it runs for, and tells an attribute. */
const REGISTER = '#!/bin/sh\ncat >>"$1"\necho >>"$1"\necho "Registered = true"\n';

let grid: TestGrid;
beforeAll(async () => {
  grid = await TestGrid.open('true-reuse', { line: 'simulated', hostActions: { register: REGISTER } });
}, OPEN_GRID_MS);
afterAll(async () => expect((await grid?.close()) ?? []).toEqual([]), 60_000);

/** So slow that the planner rather has it from an image. */
const tells = (id: string, ...lines: readonly string[]): Action =>
  script(id, ['sleep 0.5', ...lines.map((line) => `echo '${line}' >>"$VMGRID_ATTRIBUTES"`)].join('\n'));

const create = async (wanted: Dag) => (await grid.client.create({ machine: MACHINE, dag: wanted })).vm;

/** Creates it, builds an image of it, and creates it again. */
async function coldAndReused(wanted: Dag) {
  const cold = await create(wanted);
  const built = await grid.client.buildImage({ machine: MACHINE, dag: wanted });
  const reused = await create(wanted);
  expect(reused).toMatchObject({ ImageId: built.image.imageId, ActionsCached: built.image.history.length });
  return { cold, built, reused };
}

const destroyAll = async (...vms: readonly VmReply['vm'][]) => {
  for (const { VmId } of vms) await grid.client.destroy(String(VmId));
};

/** Returns the attributes that actions set, in the order of the classad. */
const told = (vm: object) => Object.entries(vm).slice(Object.keys(vm).indexOf('SshHostKey') + 1);

test('attributes of the actions that an image stands for are those of a machine made cold, later ones over earlier', async () => {
  const wanted = dag(
    [
      tells('tool', 'ToolVersion = "4.1"', 'Tool = strcat("octave ", ToolVersion)'),
      tells('newer', 'toolversion = "4.2"', 'Ports = { 80, 443 }'),
      tells('again', 'Tool = "none"'),
    ],
    ...['tool>newer', 'newer>again'],
  );
  const { cold, reused } = await coldAndReused(wanted);
  expect(cold).toMatchObject({ toolversion: '4.2', Tool: 'none', Ports: [80, 443] });
  expect(told(reused)).toEqual(told(cold));
}, 60_000);

test('an action that runs after those of the image overrides what they told, and an equal one that runs twice tells twice', async () => {
  const [first, second] = [tells('first', 'Round = 1'), tells('second', 'Round = 2')];
  await grid.client.buildImage({ machine: MACHINE, dag: dag([first]) });
  expect(await create(dag([first, second], 'first>second'))).toMatchObject({ ActionsCached: 1, Round: 2 });
  const wanted = dag([first, second, { ...first, id: 'third' }], 'first>second', 'second>third');
  const { reused } = await coldAndReused(wanted);
  expect(reused).toMatchObject({ ActionsCached: 3, Round: 1 });
}, 60_000);

test('a host action runs for each VM, with what was told before it, and never for an image', async () => {
  const book = join(grid.outbox, 'register');
  const wanted = dag(
    [
      tells('users', 'Users = 2'),
      host('dns', 'register', book),
      tells('mail', 'Mail = true'),
      tells('tools', 'Tools = 1'),
    ],
    ...['users>dns', 'dns>mail'],
  );
  const { cold, built, reused } = await coldAndReused(wanted);
  expect(built).toMatchObject({ leftOut: ['dns', 'mail'], image: { history: [{ id: 'users' }, { id: 'tools' }] } });
  expect(reused).toMatchObject({ Registered: true, ActionsCached: 2, ActionsRun: 2 });
  const entries = (await readFile(book, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(entries).toMatchObject([cold, reused].map(({ VmId }) => ({ MyType: 'VirtualMachine', VmId, Users: 2 })));
}, 60_000);

test('an action that is right for one machine alone runs for each, and so does what comes after it', async () => {
  const named = script('name', 'hostname >/etc/named', { perMachine: true });
  const tell = script('tell', `echo "Named = \\"$(cat /etc/named)\\"" >>"$VMGRID_ATTRIBUTES"`);
  const { built, reused } = await coldAndReused(dag([tells('before', 'Before = 1'), named, tell], 'name>tell'));
  expect(built).toMatchObject({ leftOut: ['name', 'tell'], image: { history: [{ id: 'before' }] } });
  expect(reused).toMatchObject({ Named: reused.HostName, ActionsCached: 1, ActionsRun: 2 });
}, 60_000);

/** Leaves something in memory and on the disk, and restarts the machine. */
const RESTARTING: Dag = dag(
  [
    script('before', 'sleep 0.5; echo memory >/run/before; echo disk >/root/before'),
    script('upgrade', 'sleep 0.5; echo "Upgraded = true" >>"$VMGRID_ATTRIBUTES"', { reboot: true }),
    tells('other', 'Other = 1'),
    script(
      'look',
      'echo "Kept = \\"$(cat /root/before)\\"\nLeft = \\"$(cat /run/before 2>&1)\\"" >>"$VMGRID_ATTRIBUTES"',
    ),
  ],
  ...['before>upgrade', 'other>look'],
);

test('after an action that restarts the machine the rest goes on, also in an image, its clones and what boots its disk', async () => {
  const { cold, built, reused } = await coldAndReused(RESTARTING);
  const made = { Upgraded: true, Other: 1, Kept: 'disk', Left: expect.stringContaining('No such file') };
  expect(cold).toMatchObject({ ...made, ActionsRun: 4 });
  expect(told(reused)).toEqual(told(cold));
  expect(built.image.history.map(({ id, survivesBoot }) => [id, survivesBoot])).toEqual([
    ['before', true],
    ['upgrade', true],
    ['other', true],
    ['look', true],
  ]);
  const { vm: larger } = await grid.client.create({ machine: { ...MACHINE, memoryMiB: 512 }, dag: RESTARTING });
  expect(larger).toMatchObject({ ...made, Start: 'boot', ActionsCached: 4, ImageId: built.image.imageId });
  await destroyAll(cold, reused, larger);
}, 60_000);

test('an image that has what a restart ends does not stand for a request that has it after the restart', async () => {
  const left = script('left', 'sleep 0.5; echo left >/run/left');
  const upgrade = script('restart', 'true', { reboot: true });
  const look = script('look', 'echo "Left = \\"$(cat /run/left 2>&1)\\"" >>"$VMGRID_ATTRIBUTES"');
  await grid.client.buildImage({ machine: MACHINE, dag: dag([left]) });
  const kept = await create(dag([left, upgrade, look], 'left>look'));
  expect(kept).toMatchObject({ ActionsCached: 0, Left: 'left' });
  const ended = await create(dag([left, upgrade, look], 'left>restart', 'left>look'));
  expect(ended).toMatchObject({ ActionsCached: 1, Left: expect.stringContaining('No such file') });
  await destroyAll(kept, ended);
}, 60_000);

test('an image is never booted when a boot would lose what an action left in memory', async () => {
  const wanted = dag([tells('disk', 'Disk = 1'), script('memory', 'sleep 1; echo left >/run/left')], 'disk>memory');
  const look = script('look', `echo "Left = \\"$(cat /run/left)\\"" >>"$VMGRID_ATTRIBUTES"`);
  const looked = dag([...wanted.actions, look], 'disk>memory', 'memory>look');
  const first = await grid.client.buildImage({ machine: MACHINE, dag: dag([tells('disk', 'Disk = 1')]) });
  const second = await grid.client.buildImage({ machine: MACHINE, dag: wanted });
  const lost = { survivesBoot: false, lostAtBoot: ['file /run/left'] };
  expect(second.image.history).toMatchObject([
    { id: 'disk', survivesBoot: true },
    { id: 'memory', ...lost },
  ]);
  const same = await create(looked);
  expect(same).toMatchObject({ ImageId: second.image.imageId, Start: 'restore', Left: 'left' });
  const machine = { ...MACHINE, memoryMiB: 512 };
  const { vm: larger } = await grid.client.create({ machine, dag: looked });
  expect(larger).toMatchObject({ ImageId: first.image.imageId, Start: 'boot', ActionsCached: 1, Left: 'left' });
  const [plant] = (await grid.client.explain({ machine, dag: looked }, 10)).plants;
  const miss = plant!.misses.nearest.find(({ imageId }) => imageId === second.image.imageId);
  const reason = expect.stringContaining('a boot loses what memory left: file /run/left');
  expect(miss).toMatchObject({
    test: 'machine',
    reason,
    changes: [{ field: 'memoryMiB', value: 256 }],
    suffices: true,
  });
}, 60_000);

test('a result that is too old is made again, and an image of the new one is built', async () => {
  const data = (freshness: string) => dag([{ ...tells('data', 'Data = 1'), freshness }]);
  const old = await grid.client.buildImage({ machine: MACHINE, dag: data('P7D') });
  expect(await create(data('P7D'))).toMatchObject({ ImageId: old.image.imageId, ActionsCached: 1 });
  expect(await create(data('PT0.001S'))).toMatchObject({ ActionsCached: 0, ActionsRun: 1, Data: 1 });
  const renewed = await grid.client.buildImage({ machine: MACHINE, dag: data('PT0.1S') });
  expect(renewed).toMatchObject({ built: true, image: { history: [{ id: 'data' }] } });
  expect(renewed.image.imageId).not.toBe(old.image.imageId);
}, 60_000);

test('every way of getting a guest is compared, and nothing is left of it', async () => {
  const before = (await grid.client.images()).images.length;
  const equal = dag([tells('one', 'One = 1'), tells('two', 'Two = 2')], 'one>two');
  const { plants } = await verifyEqual(equal);
  expect(plants).toMatchObject([{ plantId: 'plant-1', leftOut: [], differences: [] }]);
  const ways = plants[0]!.ways.map(({ start, cached }) => `${start} ${cached}`);
  expect(ways.sort()).toEqual(['boot 0', 'boot 1', 'boot 2', 'restore 1', 'restore 2']);
  expect((await grid.client.images()).images).toHaveLength(before);
}, 120_000);

test('an image that keeps what was its builder’s is found out, and its action warned of', async () => {
  const name = script('name', 'echo "Named = \\"$(hostname)\\"" >>"$VMGRID_ATTRIBUTES"');
  const { plants } = await verifyEqual(dag([name]));
  expect(plants[0]!.differences).toMatchObject([{ item: 'attribute Named' }, { item: 'attribute Named' }]);
  const explained = await grid.client.explain({ machine: MACHINE, dag: dag([name]) });
  expect(explained.plants[0]!.warnings).toEqual([{ action: 'name', reads: 'the host name' }]);
}, 120_000);

/** Resolves once the comparison has made so many images. */
async function hasMade(images: number, requestId: string): Promise<void> {
  let made = 0;
  for await (const { phase, state } of grid.client.events(requestId)) {
    if (phase === 'promote' && state === 'done') made += 1;
    if (made === images) return;
  }
  throw new Error(`the comparison ended with ${made} images`);
}

const imageIds = async () => (await grid.client.images()).images.map(({ imageId }) => imageId).sort();

/** There is room for few. */
async function makeRoom(): Promise<void> {
  const { vms } = await grid.client.list();
  await Promise.all(vms.map(({ VmId }) => grid.client.destroy(String(VmId))));
}

test('nobody else is given what a comparison makes for itself', async () => {
  await makeRoom();
  const before = await imageIds();
  const wanted = dag([tells('mine', 'Mine = 1'), tells('alone', 'Alone = 1')], 'mine>alone');
  const { requestId } = await grid.client.submitVerifyEqual({ machine: MACHINE, dag: wanted });
  await hasMade(2, requestId);
  expect(await create(wanted)).toMatchObject({ ActionsCached: 0, ActionsRun: 2 });
  const { image, built } = await grid.client.buildImage({ machine: MACHINE, dag: wanted });
  expect(built).toBe(true);
  for await (const _ of grid.client.events(requestId));
  expect(await grid.client.operation(requestId)).toMatchObject({
    state: 'done',
    result: { plants: [{ differences: [] }] },
  });
  expect(await imageIds()).toEqual([...before, image.imageId].sort());
}, 120_000);

test('of a comparison whose plant dies, nothing is left once the plant is back', async () => {
  await makeRoom();
  const before = await imageIds();
  const wanted = dag([tells('killed', 'Killed = 1'), tells('amid', 'Amid = 1')], 'killed>amid');
  const { requestId } = await grid.client.submitVerifyEqual({ machine: MACHINE, dag: wanted });
  await hasMade(2, requestId);
  await grid.kill('plant-1');
  expect(await grid.leftovers()).not.toEqual([]);
  await grid.start('plant-1');
  for await (const _ of grid.client.events(requestId));
  expect(await imageIds()).toEqual(before);
  expect(await grid.leftovers()).toEqual([]);
}, 120_000);

async function verifyEqual(wanted: Dag): Promise<EqualityReply> {
  const submitted = await grid.client.submitVerifyEqual({ machine: MACHINE, dag: wanted });
  return followToEnd<EqualityReply>(grid.client, submitted, true);
}
