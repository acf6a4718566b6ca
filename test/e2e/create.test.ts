/** The main job through every endpoint: a document goes in, the classad of a running machine comes out. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { decodeXmlReply } from '@vmgrid/protocol/xml';
import { createXml, MACHINE, order, script } from '@vmgrid/test-support/grids/documents.ts';
import { banner, http, postJson, postXml, tcp, XML_BODY } from '@vmgrid/test-support/grids/shop-endpoints.ts';
import { OPEN_GRID_MS, TestGrid } from '@vmgrid/test-support/grids/test-grid.ts';
import { listeningAddresses } from '@vmgrid/test-support/hosts/processes.ts';

let grid: TestGrid;
beforeAll(async () => {
  grid = await TestGrid.open('create', { plants: 2 });
}, OPEN_GRID_MS);
afterAll(async () => expect((await grid?.close()) ?? []).toEqual([]), 60_000);

const RUNNING = {
  MyType: 'VirtualMachine',
  VmId: expect.stringMatching(/^vm-/),
  State: 'running',
  Line: 'qemu',
  MemoryMiB: MACHINE.memoryMiB,
  Start: 'restore',
  ActionsCached: 0,
  SshHost: '127.0.0.1',
  SshHostKey: expect.stringMatching(/^ssh-ed25519 /),
};

/** The trail of an auction in which both plants bid. */
const TRAIL = {
  closedBy: 'all-answered',
  answers: expect.arrayContaining([
    expect.objectContaining({ plantId: 'plant-1', outcome: 'bid', cost: expect.any(Number) }),
    expect.objectContaining({ plantId: 'plant-2', outcome: 'bid', cost: expect.any(Number) }),
  ]),
  order: [expect.anything(), expect.anything()],
  awards: [expect.objectContaining({ outcome: 'accepted' })],
};

test('JSON over HTTP gives the classad of a running VM and the trail of an auction in which two plants bid', async () => {
  const answer = await postJson(grid, `/v1/vms`, order([script('greet', 'echo hello')]));
  expect(answer.status).toBe(201);
  expect(answer.json).toMatchObject({ vm: { ...RUNNING, ActionsRun: 1 }, trail: TRAIL });
  expect(answer.headers.get('location')).toBe(`/v1/vms/${answer.json.vm.VmId}`);
  expect(answer.json.trail.awards[0].plantId).toBe(answer.json.vm.Plant);
  expect(await banner(answer.json.vm.SshPort)).toMatch(/^SSH-2\.0-/);
}, 60_000);

test('XML over HTTP gives the same, in XML', async () => {
  const document = createXml('<action id="greet" kind="script"><script>echo hello</script></action>');
  const answer = await postXml(grid, `/v1/vms`, document);
  expect(answer.status).toBe(201);
  expect(answer.headers.get('content-type')).toMatch('application/xml');
  const reply = decodeXmlReply(answer.text);
  expect(reply).toMatchObject({ kind: 'vm', body: { vm: { ...RUNNING, ActionsRun: 1 }, trail: TRAIL } });
}, 60_000);

test('an XML request may ask for a JSON reply', async () => {
  const answer = await http(grid, `/v1/vms`, { ...XML_BODY, accept: 'application/json', body: createXml() });
  expect(answer.json).toMatchObject({ vm: RUNNING, trail: TRAIL });
}, 60_000);

test('XML over TCP gives the reply after the client has half-closed, then the end of the connection', async () => {
  const reply = decodeXmlReply(await tcp(grid, createXml('', 'requestId="over-tcp"')));
  expect(reply).toMatchObject({ kind: 'vm', body: { requestId: 'over-tcp', vm: RUNNING, trail: TRAIL } });
}, 60_000);

test('every verb goes over TCP', async () => {
  const ask = async (verb: string) => decodeXmlReply(await tcp(grid, `<vmgrid version="1">${verb}</vmgrid>`));
  const created = await ask(/<create[\s\S]*create>/.exec(createXml())![0]);
  const vmId = (created.body as { vm: { VmId: string } }).vm.VmId;
  expect(
    await ask(
      createXml()
        .match(/<create[\s\S]*create>/)![0]
        .replaceAll('create', 'estimate'),
    ),
  ).toMatchObject({
    kind: 'estimate',
    body: { bids: [{ kind: 'bid' }, { kind: 'bid' }], declines: [], trail: { awards: [] } },
  });
  expect(await ask(`<query vmId="${vmId}"><attribute>state</attribute></query>`)).toMatchObject({
    body: { vm: { state: 'running' } }, // under the name that was asked for: case tells no attributes apart
  });
  expect(await ask('<list/>')).toMatchObject({
    kind: 'vms',
    body: { vms: expect.arrayContaining([expect.objectContaining({ VmId: vmId })]) },
  });
  const configured = await ask(
    `<configure vmId="${vmId}"><dag><action id="more" kind="script"><script>true</script></action></dag></configure>`,
  );
  expect(configured).toMatchObject({ body: { vm: { ActionsRun: 1 } } });
  expect(await ask(`<destroy vmId="${vmId}"/>`)).toMatchObject({ body: { vm: { VmId: vmId, State: 'destroyed' } } });
}, 60_000);

test('the cheaper of two plants wins: the one with less memory in use', async () => {
  const placed: string[] = [];
  for (let count = 0; count < 4; count += 1) placed.push(String((await grid.client.create(order())).vm.Plant));
  const { plants } = await grid.client.plants();
  const used = plants.map(({ ad }) => Number(ad.UsedMemoryMiB));
  expect(Math.abs(used[0]! - used[1]!)).toBeLessThanOrEqual(MACHINE.memoryMiB);
  expect(new Set(placed)).toEqual(new Set(['plant-1', 'plant-2']));
}, 60_000);

test('the daemons listen on the loopback address only', async () => {
  const addresses = await Promise.all(
    ['shop', 'plant-1', 'plant-2'].map((name) => listeningAddresses(grid.daemon(name).pid)),
  );
  expect(addresses[0]!.toSorted()).toEqual(
    [`127.0.0.1:${new URL(grid.shopUrl).port}`, `127.0.0.1:${grid.xmlPort}`].toSorted(),
  );
  expect(addresses.slice(1)).toEqual([[], []]);
}, 60_000);
