/** An image makes a request faster, and nothing else: what comes of it is what comes of a machine made cold. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Action, Dag } from '@vmgrid/dag';
import { dag, host, SIMULATED_MACHINE as MACHINE, script } from '../support/documents.ts';
import { OPEN_GRID_MS, TestGrid } from '../support/test-grid.ts';

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

/** What actions told, in the order in which the classad has it. */
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
