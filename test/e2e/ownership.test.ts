/** Two users, an operator and an auditor at every endpoint of one grid: to each other, users are not there at all. */
import { execFileSync, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Access, joinTokenFile, type Role, readTokenFile } from '@vmgrid/access';
import { type GridError, ShopClient } from '@vmgrid/protocol';
import { decodeXmlReply } from '@vmgrid/protocol/xml';
import { order, SIMULATED_MACHINE, script } from '@vmgrid/test-support/grids/documents.ts';
import { vmgrid } from '@vmgrid/test-support/grids/programs.ts';
import {
  bearer,
  http,
  JSON_BODY,
  postXml,
  type ShopEndpoints,
  tcp,
} from '@vmgrid/test-support/grids/shop-endpoints.ts';
import { OPEN_GRID_MS, TestGrid } from '@vmgrid/test-support/grids/test-grid.ts';
import { eventually } from '@vmgrid/test-support/hosts/processes.ts';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

const NEVER = 'vm-00000000-0000-4000-8000-000000000000';
const MORE = { dag: { actions: [script('more', 'true')] } };
const ORDER = {
  ...order([script('hello', 'true')], { machine: SIMULATED_MACHINE }),
  requestId: 'the-same-for-all',
};

const PROVIDER = { issuer: 'https://idp.example.org/', audience: 'vmgrid', roles: { staff: 'user' } };

let grid: TestGrid;
/** The keys of the identity provider. */
let keys: Awaited<ReturnType<typeof generateKeyPair>>;
let keyFolder: string;
let [ada, bob, operator, auditor]: ShopEndpoints[] = [];
/** Ada's VM, and the auction that it came of. */
let vmId: string;
let auctionId: string;

beforeAll(async () => {
  const shopConfig = { jwt: { ...PROVIDER, jwksFile: await writeKeys() } };
  grid = await TestGrid.open('ownership', { line: 'simulated', shopConfig, plantConfig: { httpPort: 0 } });
  const access = Access.open(grid.accessDirectory);
  const endpointsOf = (owner: string, role: Role): ShopEndpoints => {
    const token = access.tokens.create({ name: `${owner}-token`, owner, roles: [role] });
    return { shopUrl: grid.shopUrl, xmlPort: grid.xmlPort, token };
  };
  [ada, bob] = [endpointsOf('ada', 'user'), endpointsOf('bob', 'user')];
  [operator, auditor] = [endpointsOf('olga', 'operator'), endpointsOf('max', 'auditor')];
  access.close();
  const { vm, trail } = await clientOf(ada).create(ORDER);
  [vmId, auctionId] = [String(vm.VmId), trail!.auctionId];
}, OPEN_GRID_MS);
afterAll(async () => expect((await grid?.close()) ?? []).toEqual([]), 60_000);
afterAll(() => rmSync(keyFolder, { recursive: true }));

async function writeKeys(): Promise<string> {
  keyFolder = mkdtempSync(join(tmpdir(), 'idp-'));
  keys = await generateKeyPair('ES256');
  const file = join(keyFolder, 'jwks.json');
  writeFileSync(file, JSON.stringify({ keys: [{ ...(await exportJWK(keys.publicKey)), kid: '1', alg: 'ES256' }] }));
  return file;
}

const clientOf = ({ shopUrl, token }: ShopEndpoints | undefined = ada!) => new ShopClient(shopUrl, { token });
const ask = (who: ShopEndpoints, method: string, path: string, body?: object) =>
  http(who, path, { method, ...(body && { ...JSON_BODY, body: JSON.stringify(body) }) });
const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no error',
    (error: GridError) => error.code,
  );

test('a VM belongs to who made it, and says so', async () => {
  expect((await clientOf(ada).query({ vmId })).vm).toMatchObject({ VmId: vmId, Owner: 'ada', State: 'running' });
  expect((await clientOf(ada).list()).vms.map(({ VmId }) => VmId)).toEqual([vmId]);
});

describe('to another user the VM is as one that never was', () => {
  const verbs = [
    ['GET', '', undefined],
    ['DELETE', '', undefined],
    ['POST', '/suspend', undefined],
    ['POST', '/resume', undefined],
    ['POST', '/renew', { lease: 'PT1H' }],
    ['POST', '/configure', MORE],
  ] as const;

  test.each(verbs)('%s %s', async (method, path, body) => {
    const [hidden, never] = await Promise.all(
      [vmId, NEVER].map((id) => ask(bob!, method, `/v1/vms/${id}${path}`, body)),
    );
    expect([hidden!.status, hidden!.json.error.code]).toEqual([404, 'VM_UNKNOWN']);
    expect(hidden!.text.replaceAll(vmId, NEVER)).toBe(never!.text);
    expect((await clientOf(ada).query({ vmId })).vm.State).toBe('running');
  });

  test.each(['query', 'destroy', 'suspend', 'resume'])('<%s> at the TCP endpoint', async (verb) => {
    const [hidden, never] = await Promise.all(
      [vmId, NEVER].map((id) => tcp(bob!, `<vmgrid version="1"><${verb} vmId="${id}"/></vmgrid>`)),
    );
    expect(decodeXmlReply(hidden!)).toMatchObject({ kind: 'error', body: { error: { code: 'VM_UNKNOWN' } } });
    expect(hidden!.replaceAll(vmId, NEVER)).toBe(never);
  });

  test('it is in no list, whatever the constraint says', async () => {
    expect((await clientOf(bob).list()).vms).toEqual([]);
    expect((await clientOf(bob).list({ constraint: 'Owner == "ada"' })).vms).toEqual([]);
  });

  test('neither are its request, its progress and its auctions', async () => {
    for (const path of [`/v1/requests/${ORDER.requestId}`, `/v1/requests/${ORDER.requestId}/events`]) {
      expect((await ask(bob!, 'GET', path)).json.error.code).toBe('REQUEST_UNKNOWN');
    }
    expect((await ask(bob!, 'GET', `/v1/auctions/${auctionId}`)).json.error.code).toBe('AUCTION_UNKNOWN');
    expect((await clientOf(bob).auctions()).auctions).toEqual([]);
  });

  test('it stays so when the shop has forgotten everything', async () => {
    await grid.kill('shop');
    await grid.start('shop');
    await grid.connected(1);
    expect(await codeOf(clientOf(bob).query({ vmId }))).toBe('VM_UNKNOWN');
    expect((await clientOf(ada).query({ vmId })).vm.Owner).toBe('ada');
  }, 60_000);
});

test('the same request id of two users is two requests', async () => {
  const { vm } = await clientOf(bob).create(ORDER);
  expect(vm).toMatchObject({ Owner: 'bob', RequestId: ORDER.requestId });
  expect(vm.VmId).not.toBe(vmId);
  expect((await clientOf(ada).create(ORDER)).vm.VmId).toBe(vmId);
  const { vm: last } = await clientOf(bob).destroy(String(vm.VmId));
  expect(last.State).toBe('destroyed');
  expect(await codeOf(clientOf(ada).query({ vmId: String(vm.VmId) }))).toBe('VM_UNKNOWN');
  expect(await codeOf(clientOf(bob).create(ORDER))).toBe('REQUEST_SPENT');
});

test('an operator sees and changes all; an auditor sees all and changes nothing', async () => {
  for (const who of [operator, auditor]) {
    expect((await clientOf(who).query({ vmId })).vm.Owner).toBe('ada');
    expect((await clientOf(who).list()).vms.map(({ VmId }) => VmId)).toContain(vmId);
    expect((await clientOf(who).images()).images).toHaveLength(1);
  }
  expect(await codeOf(clientOf(auditor).renew(vmId, 'PT1H'))).toBe('FORBIDDEN');
  expect(await codeOf(clientOf(auditor).create(ORDER))).toBe('FORBIDDEN');
  expect(decodeXmlReply(await tcp(auditor!, `<vmgrid version="1"><destroy vmId="${vmId}"/></vmgrid>`))).toMatchObject({
    body: { error: { code: 'FORBIDDEN' } },
  });
  expect((await clientOf(operator).renew(vmId, 'PT2H')).vm.Owner).toBe('ada');
});

test("a token of the site's identity provider is as good as one of ours, at either endpoint, under a name of its own", async () => {
  const claims = { sub: 'ada', iss: PROVIDER.issuer, aud: PROVIDER.audience, roles: ['staff'] };
  const signed = new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: '1' }).setExpirationTime('5m');
  const other = { ...ada!, token: await signed.sign(keys.privateKey) };
  expect(await codeOf(clientOf(other).query({ vmId }))).toBe('VM_UNKNOWN');
  const { vm } = await clientOf(other).create({ ...ORDER, requestId: 'by-jwt' });
  expect(vm.Owner).toBe('jwt:ada');
  const destroyed = await tcp(other, `<vmgrid version="1"><destroy vmId="${vm.VmId}"/></vmgrid>`);
  expect(decodeXmlReply(destroyed)).toMatchObject({ kind: 'vm', body: { vm: { State: 'destroyed' } } });
});

test('warehouses are for operators; a user may have a plan explained and estimated', async () => {
  const plant = { ...ada!, shopUrl: `http://127.0.0.1:${grid.daemon('plant-1').ready.httpPort}` };
  for (const who of [ada!, plant]) {
    expect((await ask(who, 'GET', '/v1/images')).json.error.code).toBe('FORBIDDEN');
    expect((await ask(who, 'DELETE', '/v1/images/any')).json.error.code).toBe('FORBIDDEN');
  }
  expect((await ask({ ...plant, token: operator!.token }, 'GET', '/v1/images')).status).toBe(200);
  expect((await clientOf(ada).estimate({ ...ORDER, requestId: 'estimate-1' })).bids).toHaveLength(1);
  expect((await clientOf(ada).explain(ORDER)).plants).toHaveLength(1);
});

test('an event stream tells a user of its own VMs alone', async () => {
  const { vm } = await clientOf(bob).create({ ...ORDER, requestId: 'watched' });
  await clientOf(ada).suspend(vmId);
  await clientOf(ada).resume(vmId);
  const both = await eventsUntil(operator!, ['"owner":"ada"', '"owner":"bob"']);
  expect(both).toContain(vmId);
  expect(await eventsUntil(ada!, ['"owner":"ada"'])).not.toContain('"owner":"bob"');
  expect(await eventsUntil(bob!, ['"owner":"bob"'])).not.toContain('"owner":"ada"');
  await clientOf(bob).destroy(String(vm.VmId));
}, 30_000);

/** Returns the text of a stream until all these texts have come; remembered events come at once. */
async function eventsUntil(who: ShopEndpoints, texts: readonly string[]): Promise<string> {
  const response = await fetch(`${who.shopUrl}/v1/vms/events`, { headers: bearer(who) });
  let heard = '';
  for await (const chunk of response.body!) {
    heard += Buffer.from(chunk).toString();
    if (texts.every((text) => heard.includes(text))) break;
  }
  return heard;
}

describe('without a token that holds', () => {
  const stranger = (): ShopEndpoints => ({ ...ada!, token: `vmg_${'x'.repeat(43)}` });

  test('every endpoint answers the same', async () => {
    const answer = await ask(stranger(), 'GET', '/v1/vms');
    expect([answer.status, answer.json.error.code]).toEqual([401, 'UNAUTHENTICATED']);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="vmgrid"');
    const none = await fetch(`${grid.shopUrl}/v1/no/such/address`);
    expect(none.status).toBe(401);
    expect(decodeXmlReply(await tcp(stranger(), '<vmgrid version="1"><list/></vmgrid>'))).toMatchObject({
      kind: 'error',
      body: { error: { code: 'UNAUTHENTICATED' } },
    });
    expect((await fetch(`${grid.shopUrl}/health/live`)).status).toBe(200);
  });

  test('the command line makes tokens, shows them, and revokes them while the daemons run', async () => {
    const environment = { VMGRID_HOME: grid.directory, VMGRID_SHOP: grid.shopUrl };
    const run = (...args: string[]) => vmgrid(['--json', ...args], { environment });
    const made = JSON.parse((await run('tokens', 'create', 'eve-1', '--owner', 'eve', '--lifetime', 'P1D')).out);
    expect(made).toMatchObject({ name: 'eve-1', owner: 'eve', roles: ['user'] });
    const eve = { ...ada!, token: made.token };
    expect((await clientOf(eve).list()).vms).toEqual([]);
    expect((await run('tokens', 'list')).out).not.toContain(made.token);
    expect((await run('tokens', 'revoke', 'eve-1')).status).toBe(0);
    expect(await codeOf(clientOf(eve).list())).toBe('UNAUTHENTICATED');
    // The token of this machine is found without being named.
    expect(JSON.parse((await run('list')).out).vms).toHaveLength(1);
  }, 60_000);
});

describe('the audit trail', () => {
  const entriesOf = async (who: ShopEndpoints | undefined, query: object) => (await clientOf(who).audit(query)).entries;

  test('has who did what at which endpoint, with which outcome, a change from its beginning', async () => {
    const requestId = 'audited';
    const { vm } = await clientOf(bob).create({ ...ORDER, requestId });
    await tcp(bob!, `<vmgrid version="1"><query vmId="${vm.VmId}"/></vmgrid>`);
    const destroy = `<vmgrid version="1"><destroy vmId="${vm.VmId}"/></vmgrid>`;
    await postXml(bob!, '/v1/request', destroy);
    const entries = await entriesOf(auditor, { owner: 'bob', most: 5 });
    const what = entries.map(({ door, operation, target, outcome }) => [door, operation, target, outcome]);
    expect(what.reverse()).toEqual([
      ['http', 'vm.create', '/v1/vms', 'begun'],
      ['http', 'vm.create', `/v1/vms/${vm.VmId}`, 'ok'],
      ['tcp', 'vm.query', vm.VmId, 'ok'],
      ['http', 'vm.destroy', vm.VmId, 'begun'],
      ['http', 'vm.destroy', vm.VmId, 'ok'],
    ]);
    for (const entry of entries) {
      expect(entry).toMatchObject({ daemon: 'shop', owner: 'bob', credential: 'bob-token', from: '127.0.0.1' });
    }
    await tcp({ ...bob!, token: 'nobody' }, '<vmgrid version="1"><list/></vmgrid>');
    const strangers = await entriesOf(auditor, { outcome: 'UNAUTHENTICATED', most: 1 });
    expect(strangers).toMatchObject([{ door: 'tcp', operation: 'none', from: '127.0.0.1' }]);
  });

  test('has what was refused, and the outcome of work that nobody waits for', async () => {
    await ask(ada!, 'DELETE', '/v1/images/any');
    await fetch(`${grid.shopUrl}/v1/vms`);
    const refused = await entriesOf(operator, { operation: 'image.remove', most: 1 });
    expect(refused).toMatchObject([{ owner: 'ada', target: '/v1/images/any', outcome: 'FORBIDDEN' }]);
    const strangers = await entriesOf(operator, { outcome: 'UNAUTHENTICATED', most: 1 });
    expect(strangers).toMatchObject([{ operation: 'none', target: '/v1/vms', from: '127.0.0.1' }]);
    expect(strangers[0]).not.toHaveProperty('owner');
    expect(await entriesOf(operator, { operation: 'vm.events', most: 1 })).toMatchObject([{ outcome: 'ok' }]);
    await clientOf(bob).submitCreate({ ...ORDER, dag: { actions: [script('fails', 'exit 7')] }, requestId: 'failing' });
    await eventually('the failure is noted', async () => {
      const [last] = await entriesOf(operator, { owner: 'bob', operation: 'vm.create', most: 1 });
      return last?.outcome === 'ACTION_FAILED';
    });
  });

  test('is for operators and auditors', async () => {
    expect(await codeOf(clientOf(ada).audit())).toBe('FORBIDDEN');
  });
});

test('a secret of an action is in no file of the grid but the disk of its VM, and in none once that is gone', async () => {
  const secret = `hunter-${randomUUID()}`;
  const actions = [script('login', `echo ${secret} >/root/login`, { secret: true })];
  const { vm } = await clientOf(ada).create({ ...ORDER, dag: { actions }, requestId: 'with-a-secret' });
  expect(JSON.stringify([vm, await clientOf(operator).audit({ most: 1_000 })])).not.toContain(secret);
  expect((await clientOf(operator).auctions()).auctions).not.toHaveLength(0);
  // Neither an image, nor a configuration disc of a machine that runs: warehouse and state are in the same folder.
  const build = clientOf(operator).buildImage({ machine: SIMULATED_MACHINE, dag: { actions } });
  expect(await codeOf(build)).toBe('SECRET_IN_IMAGE');
  expect(filesWith(secret)).toEqual([join(grid.stateOf('plant-1'), 'vms', String(vm.VmId), 'disk.json')]);
  const failing = { dag: { actions: [...actions, script('fails', 'exit 7')] }, requestId: 'a-secret-fails' };
  expect(await codeOf(clientOf(ada).create({ ...ORDER, ...failing }))).toBe('ACTION_FAILED');
  await clientOf(ada).destroy(String(vm.VmId));
  expect(filesWith(secret)).toEqual([]);
});

/** Returns the files of the grid that contain a text. */
function filesWith(text: string): readonly string[] {
  const { stdout } = spawnSync('grep', ['-rlF', text, grid.directory], { encoding: 'utf8' });
  return stdout.split('\n').filter((file) => file !== '');
}

test('no token is in any log, configuration, database or classad of the grid', async () => {
  const secrets = [ada, bob, operator, auditor].map((who) => who!.token);
  const joinToken = readTokenFile(joinTokenFile(grid.accessDirectory))!;
  for (const secret of [...secrets, grid.token, joinToken]) {
    expect(() => execFileSync('grep', ['-rlF', '--exclude=*.token', secret, grid.directory])).toThrow();
  }
  expect(JSON.stringify(await clientOf(operator).list())).not.toMatch(/vmg_/);
  const holding = execFileSync('grep', ['-rlF', grid.token, grid.accessDirectory], { encoding: 'utf8' });
  expect(holding.trim()).toBe(grid.tokenFile);
});
