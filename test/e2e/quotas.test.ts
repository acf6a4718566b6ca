/** Quotas of owners at a shop over two plants: what lives counts, wherever it is and whichever shop made it. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Access } from '@vmgrid/access';
import { type GridError, ShopClient } from '@vmgrid/protocol';
import { decodeXmlReply } from '@vmgrid/protocol/xml';
import { order, SIMULATED_MACHINE, script } from '@vmgrid/test-support/grids/documents.ts';
import { http, type ShopEndpoints, tcp } from '@vmgrid/test-support/grids/shop-endpoints.ts';
import { OPEN_GRID_MS, TestGrid } from '@vmgrid/test-support/grids/test-grid.ts';

const RESTART_MS = 60_000;
const ORDER = order([], { machine: SIMULATED_MACHINE });
const QUOTAS = { default: { vms: 3, lease: 'PT2H' }, owners: { bob: { requestsPerSecond: 0.001 } } };

let grid: TestGrid;
let ada: ShopClient;
let bob: ShopEndpoints;

beforeAll(async () => {
  const capacity = { memoryMiB: 4_096, diskMiB: 65_536, vms: 2, actionsPerDag: 2 };
  const plantConfig = { capacity, ownerLimits: { owners: { carl: { vms: 1 } } } };
  grid = await TestGrid.open('quotas', { line: 'simulated', plants: 2, shopConfig: { quotas: QUOTAS }, plantConfig });
  const access = Access.open(grid.accessDirectory);
  const [adas, bobs] = ['ada', 'bob'].map((owner) => access.tokens.create({ name: owner, owner, roles: ['user'] }));
  access.close();
  ada = new ShopClient(grid.shopUrl, { token: adas! });
  bob = { shopUrl: grid.shopUrl, xmlPort: grid.xmlPort, token: bobs! };
}, OPEN_GRID_MS);
afterAll(async () => expect((await grid?.close()) ?? []).toEqual([]), RESTART_MS);

const carl = (): ShopClient => {
  const access = Access.open(grid.accessDirectory);
  const token = access.tokens.create({ name: 'carl', owner: 'carl', roles: ['user'] });
  access.close();
  return new ShopClient(grid.shopUrl, { token });
};
const declinesIn = ({ details }: Pick<GridError, 'details'>) =>
  (details.declines as { code: string }[]).map(({ code }) => code);
const refusalOf = (work: Promise<unknown>): Promise<Pick<GridError, 'code' | 'details'>> =>
  work.then(() => ({ code: 'INTERNAL', details: { refused: false } }) as const).catch((error: GridError) => error);

test(
  'an owner has no more VMs on a plant than the plant lets one have, however many are awarded at the same moment',
  async () => {
    const client = carl();
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => client.create(ORDER)));
    const made = outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value.vm] : []));
    expect(made.map(({ Plant }) => Plant).sort()).toEqual(['plant-1', 'plant-2']);
    const refusal = await refusalOf(client.create(ORDER));
    expect(declinesIn(refusal)).toEqual(['OWNER_VM_LIMIT', 'OWNER_VM_LIMIT']);
    expect(refusal.details.declines).toMatchObject([{ details: { used: 1, wanted: 1, limit: 1 } }, {}]);
    const long = ['a', 'b', 'c'].map((id) => script(id, 'true'));
    const configured = client.configure({ vmId: String(made[0]!.VmId), dag: { actions: long } });
    expect(await refusalOf(configured)).toMatchObject({ code: 'DAG_TOO_LARGE', details: { actions: 3, limit: 2 } });
    await Promise.all(made.map(({ VmId }) => client.destroy(String(VmId))));
    const tooLong = await refusalOf(client.create({ ...ORDER, dag: { actions: long } }));
    expect(declinesIn(tooLong)).toEqual(['DAG_TOO_LARGE', 'DAG_TOO_LARGE']);
  },
  RESTART_MS,
);

test(
  'an owner has no more VMs than its quota, on all plants together, also after a restart',
  async () => {
    const made = await Promise.all([1, 2, 3].map(() => ada.create(ORDER)));
    expect(new Set(made.map(({ vm }) => vm.Plant))).toEqual(new Set(['plant-1', 'plant-2']));
    const over = { code: 'QUOTA_VMS', details: { owner: 'ada', used: 3, wanted: 1, limit: 3 } };
    expect(await refusalOf(ada.create(ORDER))).toMatchObject(over);
    await grid.kill('shop');
    await grid.start('shop');
    await grid.connected(2);
    expect(await refusalOf(ada.create(ORDER))).toMatchObject(over);
    await ada.destroy(String(made[0]!.vm.VmId));
    expect((await ada.create(ORDER)).vm.State).toBe('running');
  },
  RESTART_MS,
);

test('no lease is longer than the quota, by whichever verb', async () => {
  const [{ VmId, CreatedAt, LeaseEndsAt }] = (await ada.list()).vms as [Record<string, string>];
  expect(Date.parse(LeaseEndsAt!) - Date.parse(CreatedAt!)).toBeLessThanOrEqual(2 * 3_600_000 + 1_000);
  expect(await refusalOf(ada.renew(VmId!, 'PT3H'))).toMatchObject({ code: 'QUOTA_LEASE' });
  expect(await refusalOf(ada.create({ ...ORDER, lease: 'P1D' }))).toMatchObject({ code: 'QUOTA_LEASE' });
});

test('a plant has as many VMs as it offers, whoever asks', async () => {
  const operator = grid.client;
  await operator.create(ORDER);
  expect(declinesIn(await refusalOf(operator.create(ORDER)))).toEqual(['VM_LIMIT', 'VM_LIMIT']);
});

test('requests of one owner count together at all endpoints, and hinder no other', async () => {
  expect((await http(bob, '/v1/vms', { method: 'GET' })).status).toBe(200);
  const again = await http(bob, '/v1/vms', { method: 'GET' });
  expect([again.status, again.json.error.code, again.headers.get('retry-after')]).toEqual([429, 'QUOTA_REQUESTS', '1']);
  expect(decodeXmlReply(await tcp(bob, '<vmgrid version="1"><list/></vmgrid>'))).toMatchObject({
    body: { error: { code: 'QUOTA_REQUESTS' } },
  });
  expect((await ada.list()).vms).toHaveLength(3);
});
