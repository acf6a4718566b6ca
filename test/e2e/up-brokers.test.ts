/** `vmgrid up` with a layer of brokers between the shop and the plants. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readTokenFile } from '@vmgrid/access';
import { ShopClient } from '@vmgrid/protocol';
import { eventually, processesNaming } from '../support/processes.ts';
import { startVmgrid } from '../support/programs.ts';
import { testFolder } from '../support/test-warehouse.ts';

let home: string;
let child: ChildProcess | undefined;
beforeAll(async () => {
  home = await testFolder('up-brokers');
});
afterAll(async () => {
  if (child?.exitCode === null && child.kill('SIGTERM')) await once(child, 'close');
  await rm(home, { recursive: true, force: true });
});

test('plants dial the brokers in turn, the shop reaches them that way, and all are stopped together', async () => {
  const ports = ['--http-port', '0', '--xml-port', '0'];
  child = startVmgrid(['--json', 'up', '--no-base', '--brokers', '2', '--plants', '2', ...ports], {
    environment: { ...process.env, VMGRID_HOME: home },
  });
  child.stdin!.end();
  child.stderr!.resume();
  const [line] = await once(createInterface({ input: child.stdout! }), 'line');
  const { shop, tokenFile, brokers, plants } = JSON.parse(String(line));
  expect([brokers, plants]).toEqual([
    ['broker-1', 'broker-2'],
    ['plant-1', 'plant-2'],
  ]);
  const client = new ShopClient(shop, { token: readTokenFile(tokenFile)! });
  await eventually('the shop knows all plants', async () => (await client.plants()).plants.length === 2);
  const ways = (await client.plants()).plants.map(({ plantId, via }) => [plantId, via]);
  expect(Object.fromEntries(ways)).toEqual({
    'plant-1': ['broker-1'],
    'plant-2': ['broker-2'],
  });
  child.kill('SIGTERM');
  expect(await once(child, 'close')).toEqual([0, null]);
  expect(await processesNaming(home)).toEqual([]);
}, 240_000);
