/**
 * `vmgrid up`: with a layer of brokers, beside a grid that runs already, on ports that are taken, with files of the
 * operator's.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readTokenFile } from '@vmgrid/access';
import { ShopClient } from '@vmgrid/protocol';
import { startVmgrid, vmgrid } from '@vmgrid/test-support/grids/programs.ts';
import { testFolder } from '@vmgrid/test-support/grids/test-warehouse.ts';
import { freePort } from '@vmgrid/test-support/hosts/free-port.ts';
import { eventually, processesNaming } from '@vmgrid/test-support/hosts/processes.ts';

const ANY_PORTS = ['--http-port', '0', '--xml-port', '0'];
const UP = ['--json', 'up', '--no-base', '--log-level', 'error'];

let home: string;
let child: ChildProcess | undefined;
beforeAll(async () => {
  home = join(await testFolder('up'), "the operator's own");
  await mkdir(home);
});
afterAll(async () => {
  if (child?.exitCode === null && child.kill('SIGTERM')) await once(child, 'close');
  await rm(join(home, '..'), { recursive: true, force: true });
});

async function up(...more: string[]) {
  child = startVmgrid([...UP, ...more], { environment: { VMGRID_HOME: home } });
  child.stdin!.end();
  child.stderr!.resume();
  const [line] = await once(createInterface({ input: child.stdout! }), 'line');
  const { shop, tokenFile, ...told } = JSON.parse(String(line));
  const client = new ShopClient(shop, { token: readTokenFile(tokenFile)! });
  return { shop: String(shop), ...(told as Record<'brokers' | 'plants' | 'lines', string[]>), client };
}

async function down(): Promise<void> {
  child!.kill('SIGTERM');
  expect(await once(child!, 'close')).toEqual([0, null]);
  expect(await processesNaming(home)).toEqual([]);
}

async function files(): Promise<Record<string, string>> {
  const names = (await readdir(join(home, 'grid'))).filter((name) => name.endsWith('.json') && name !== 'running.json');
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(home, 'grid', name), 'utf8')])),
  );
}

test('plants dial the brokers in turn, the shop reaches them that way, and all are stopped together', async () => {
  const { client, brokers, plants } = await up('--brokers', '2', '--plants', '2', ...ANY_PORTS);
  expect([brokers, plants]).toEqual([
    ['broker-1', 'broker-2'],
    ['plant-1', 'plant-2'],
  ]);
  await eventually('the shop knows all plants', async () => (await client.plants()).plants.length === 2);
  const ways = (await client.plants()).plants.map(({ plantId, via }) => [plantId, via]);
  expect(Object.fromEntries(ways)).toEqual({
    'plant-1': ['broker-1'],
    'plant-2': ['broker-2'],
  });
  await down();
}, 240_000);

test('what the operator wrote stays and holds; who starts a second grid is told of the first', async () => {
  const shopFile = join(home, 'grid', 'shop.json');
  const port = await freePort();
  const own = { ...JSON.parse(await readFile(shopFile, 'utf8')), httpPort: port, requestsPerMinute: 4_321 };
  await writeFile(shopFile, JSON.stringify(own));
  const plantFile = join(home, 'grid', 'plant-1.json');
  const plant = { ...JSON.parse(await readFile(plantFile, 'utf8')), lines: ['uml'] };
  await writeFile(plantFile, JSON.stringify(plant));
  const before = await files();
  const { shop, lines } = await up('--xml-port', '0');
  expect(lines).toEqual(['uml']);
  expect(shop).toBe(`http://127.0.0.1:${port}`);
  const second = await vmgrid([...UP, ...ANY_PORTS], { environment: { VMGRID_HOME: home } });
  expect(second).toMatchObject({ status: 1, out: '' });
  expect(JSON.parse(second.err).error).toMatchObject({
    code: 'STATE_LOCKED',
    message: `a grid runs from ${join(home, 'grid')} already: its shop is at ${shop}, its \`vmgrid up\` is process ${child!.pid}`,
  });
  expect(await files()).toEqual(before);
  await down();
}, 240_000);

test('a port that is taken is named, with who has it, and without a stack', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const args = ['up', '--no-base', '--log-level', 'error', '--xml-port', '0', '--http-port', String(port)];
  const { status, err } = await vmgrid(args, { environment: { VMGRID_HOME: home } });
  server.close();
  expect([status, await processesNaming(home)]).toEqual([1, []]);
  expect(err).toMatch(
    new RegExp(`^ADDRESS_IN_USE: vmshop: node.* \\(process ${process.pid}\\) listens on 127.0.0.1:${port}$`, 'm'),
  );
  expect(err).toMatch(/^→ .*--http-port/m);
  expect(err).not.toMatch(/^\s+at |\\n\s+at /m);
}, 240_000);

test('a file of the operator that is wrong is named with the field', async () => {
  await writeFile(join(home, 'grid', 'shop.json'), '{"prot": 1}');
  const { status, err } = await vmgrid([...UP, ...ANY_PORTS], { environment: { VMGRID_HOME: home } });
  expect([status, JSON.parse(err.trim().split('\n').at(-1)!).error]).toEqual([
    1,
    expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(/shop\.json: .*prot/) }),
  ]);
}, 240_000);

test.each([
  ['--plants', 'many'],
  ['--http-port', '65536'],
  ['--guest-network', 'all'],
])('the option %s %s makes a wrong command line', async (...option) => {
  expect(await vmgrid(['up', ...option])).toMatchObject({ status: 2, out: '' });
});
