/** The command line against a real grid: tables for people, JSON for programs, exit status 0, 1 and 2. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  simulatedXml as createXml,
  dag,
  SIMULATED_MACHINE as MACHINE,
  simulatedOrder as order,
  script,
} from '@vmgrid/test-support/grids/documents.ts';
import { type Outcome, type RunOptions, vmgrid } from '@vmgrid/test-support/grids/programs.ts';
import { OPEN_GRID_MS, TestGrid } from '@vmgrid/test-support/grids/test-grid.ts';

const NOBODY = 'vm-00000000-0000-4000-8000-000000000000';

/** Slow enough for the planner to have it from an image. */
const GOLDEN = script('golden', 'sleep 3');

let grid: TestGrid;
let vmId: string;
const file = (name: string) => join(grid.directory, name);

beforeAll(async () => {
  grid = await TestGrid.open('command-line', { line: 'simulated' });
  const tell = script('tell', 'echo "Workspace = \\"/srv\\"" >>"$VMGRID_ATTRIBUTES"');
  await writeFile(file('create.json'), JSON.stringify(order([tell])));
  await writeFile(file('create.xml'), createXml('<action id="A" kind="script"><script>true</script></action>'));
  await writeFile(file('failing.json'), JSON.stringify(order([script('compile', 'echo no compiler; exit 7')])));
  await writeFile(file('more.json'), JSON.stringify({ dag: dag([script('more', 'true')]) }));
  await writeFile(file('image.json'), JSON.stringify(order([GOLDEN])));
}, OPEN_GRID_MS);
afterAll(async () => expect((await grid?.close()) ?? []).toEqual([]), 60_000);

const run = (...args: string[]) => runWith({}, ...args);
const runWith = (options: RunOptions, ...args: string[]): Promise<Outcome> => vmgrid([...grid.flags, ...args], options);

const create = async (more: object = {}) => String((await grid.client.create(order([], more))).vm.VmId);

/** The one line of JSON that a command that succeeded printed, and nothing else. */
async function json(...args: string[]) {
  const { status, out, err } = await run('--json', ...args);
  expect([status, err]).toEqual([0, '']);
  expect(out.trimEnd().split('\n')).toHaveLength(1);
  return JSON.parse(out);
}

test('create --json prints the reply, with the trail of the auction', async () => {
  const reply = await json('create', file('create.json'));
  expect(reply).toMatchObject({ vm: { State: 'running', Workspace: '/srv' }, trail: { closedBy: 'all-answered' } });
  vmId = reply.vm.VmId;
}, 60_000);

test('create prints the classad for people, progress on standard error, and the trail when asked', async () => {
  const { status, out, err } = await run('create', '--trail', file('create.xml'));
  expect(status).toBe(0);
  expect(out).toMatch(/^Auction .*closed by all-answered/);
  expect(out).toMatch(/^State = "running"$/m);
  expect(err).toMatch(/✓ boot/);
}, 60_000);

test('create reads standard input', async () => {
  const { status, out } = await runWith({ input: createXml() }, 'create', '-');
  expect([status, /State = "(\w+)"/.exec(out)?.[1]]).toEqual([0, 'running']);
}, 60_000);

test('query prints the classad, or the attributes named', async () => {
  const [whole, some, asJson] = await Promise.all([
    run('query', vmId),
    run('query', vmId, 'Workspace', 'MemoryMiB'),
    json('query', vmId, 'State'),
  ]);
  expect(whole.out).toMatch(new RegExp(`^VmId = "${vmId}"$`, 'm'));
  expect(some.out).toBe('Workspace = "/srv"\nMemoryMiB = 256\n');
  expect(asJson).toEqual({ State: 'running' });
}, 60_000);

test('list prints a table of the VMs, all or those that fulfil a constraint', async () => {
  const { status, out } = await run('list');
  expect(status).toBe(0);
  expect(out).toMatch(/^VM +STATE +PLANT/);
  expect(
    out
      .trimEnd()
      .split('\n')
      .filter((line) => line.startsWith('vm-')),
  ).toHaveLength(3);
  expect((await json('list', '-c', 'Workspace == "/srv"')).vms).toMatchObject([{ VmId: vmId }]);
}, 60_000);

test('estimate holds the auction without the award', async () => {
  expect(await json('estimate', file('create.xml'))).toMatchObject({ bids: [{ kind: 'bid', plantId: 'plant-1' }] });
  const { status, out } = await run('estimate', file('create.json'));
  expect(status).toBe(0);
  expect(out).toMatch(/plant-1 +- +bid/);
  expect((await json('list')).vms).toHaveLength(3);
}, 60_000);

test('configure runs more actions on a VM', async () => {
  expect(await json('configure', vmId, file('more.json'))).toMatchObject({ vm: { ActionsRun: 2 } });
}, 60_000);

test('plants prints who is connected', async () => {
  expect((await run('plants')).out).toMatch(/plant-1 +- +simulated +\d+ MiB/);
  expect((await json('plants')).plants).toMatchObject([{ plantId: 'plant-1', ad: { VmCount: 3 } }]);
}, 60_000);

test('images build, list, show and rm; one in use is refused, one that is free goes', async () => {
  const { image } = await json('images', 'build', file('image.json'));
  expect((await run('images', 'list')).out).toContain(image.imageId);
  expect((await json('images', 'list')).images).toHaveLength(2);
  expect((await run('images', 'show', image.imageId)).out).toMatch(/golden +script/);
  expect(await json('images', 'show', image.imageId)).toMatchObject({ imageId: image.imageId, suspended: true });
  const { vm } = await grid.client.create({ machine: MACHINE, dag: dag([GOLDEN]) });
  const refused = await run('images', 'rm', image.imageId);
  expect(refused.status).toBe(1);
  expect(refused.err).toMatch(new RegExp(`^IMAGE_IN_USE: .*${vm.VmId}`));
  await grid.client.destroy(String(vm.VmId));
  expect(await json('images', 'rm', image.imageId)).toEqual({ imageId: image.imageId, removed: true });
  expect((await run('images', 'show', image.imageId)).err).toMatch(/^IMAGE_UNKNOWN: /);
}, 60_000);

test('destroy says what became of each VM', async () => {
  expect((await run('destroy', vmId)).out).toBe(`${vmId} is destroyed\n`);
  expect(await json('destroy', vmId)).toMatchObject({ vm: { VmId: vmId, State: 'destroyed' } });
}, 60_000);

test('what cannot be destroyed keeps nothing else from it: it is named, and the status is 1', async () => {
  const [first, last] = await Promise.all([create(), create()]);
  const { status, out, err } = await run('destroy', first, 'gone', NOBODY, last);
  expect([status, out]).toEqual([1, `${first} is destroyed\n${last} is destroyed\n`]);
  expect(err).toMatch(/^REQUEST_INVALID: .*"gone".*\n→ .*\nVM_UNKNOWN: .*vm-00000000-.*\n→ /);
}, 60_000);

test('destroy says what failed of the destruction DAG', async () => {
  const failing = await create({ destruction: dag([script('farewell', 'exit 7')]) });
  const { status, out, err } = await run('destroy', failing);
  expect([status, out]).toEqual([0, `${failing} is destroyed\n`]);
  expect(err).toMatch(/ACTION_FAILED: the destruction DAG failed: action farewell ended with exit status 7/);
}, 60_000);

test('an error has status 1, and names its code, what happened and what to do', async () => {
  const { status, out, err } = await run('query', NOBODY);
  expect([status, out]).toEqual([1, '']);
  expect(err).toBe(`VM_UNKNOWN: none of 1 plants knows the VM ${NOBODY}\n→ List the VMs: \`vmgrid list\`.\n`);
  const asJson = await run('--json', 'destroy', NOBODY);
  expect([asJson.status, asJson.out]).toEqual([1, '']);
  expect(JSON.parse(asJson.err)).toMatchObject({ error: { code: 'VM_UNKNOWN', remedy: expect.any(String) } });
}, 60_000);

test('an action that fails is shown with its last lines', async () => {
  const { status, err } = await run('create', file('failing.json'));
  expect(status).toBe(1);
  expect(err).toMatch(/ACTION_FAILED: action compile ended with exit status 7\n {4}no compiler\n→ /);
}, 60_000);

test('a document that is none has status 1 and a code', async () => {
  await writeFile(file('bad.xml'), '<vmgrid version="1"><create>');
  expect((await run('create', file('bad.xml'))).err).toMatch(/^REQUEST_MALFORMED: /);
  expect((await run('create', file('missing.json'))).err).toMatch(/^REQUEST_MALFORMED: .*missing\.json/);
  expect((await run('create', file('more.json'))).err).toMatch(/^REQUEST_INVALID: /);
}, 60_000);

test('a shop that is not there has status 1 and a remedy', async () => {
  const { status, err } = await vmgrid(['--shop', 'http://127.0.0.1:9', 'list']);
  expect(status).toBe(1);
  expect(err).toMatch(/^SHOP_UNREACHABLE: .*127\.0\.0\.1:9.*\n→ Start one with `vmgrid up`/);
}, 60_000);

test.each([[['no-such-command']], [['create']], [['list', '--no-such-option']], [['images', 'rm']]])(
  'the command line %j is wrong: status 2',
  async (args) => {
    const { status, out, err } = await run(...args);
    expect([status, out]).toEqual([2, '']);
    expect(err).toMatch(/^error: /);
  },
  60_000,
);

test('--help and --version have status 0', async () => {
  expect(await run('--help')).toMatchObject({ status: 0, out: expect.stringContaining('Usage: vmgrid') });
  expect(await run('--version')).toMatchObject({ status: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
}, 60_000);

test('doctor says what this machine has and what its lines can do', async () => {
  const environment = { VMGRID_HOME: file('doctor') };
  const { status, out } = await runWith({ environment }, 'doctor');
  expect(status).toBe(0);
  expect(out).toMatch(/✓ +qemu-system-x86_64 +QEMU emulator version/);
  expect(out).toMatch(/✓ +uml_mconsole +is there/);
  expect(out).toMatch(/✓ +mke2fs +mke2fs \d/);
  expect(out).toMatch(/✓ +qemu +\w+ on qemu .* clones from suspended memory/);
  expect(out).toMatch(/[✓✗] +libvirt /);
  const asJson = await runWith({ environment }, '--json', 'doctor');
  expect(JSON.parse(asJson.out)).toMatchObject({
    healthy: true,
    tools: expect.arrayContaining([expect.objectContaining({ program: 'qemu-img', version: expect.any(String) })]),
    lines: expect.arrayContaining([expect.objectContaining({ line: 'qemu', available: true, restores: true })]),
    memory: { daemons: expect.any(Array) },
  });
}, 60_000);

test('doctor on a machine without tools has status 1 and says how to get them', async () => {
  const { status, out } = await runWith({ environment: { PATH: '/nowhere', VMGRID_HOME: file('doctor') } }, 'doctor');
  expect(status).toBe(1);
  expect(out).toMatch(/✗ +qemu-system-x86_64 +missing .* apt-get install qemu-system-x86/);
}, 60_000);
