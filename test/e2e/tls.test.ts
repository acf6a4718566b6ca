/** A shop and a plant of a site, each with a certificate of the site's CA, listening beyond loopback. */

import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { chmod, copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type ConnectionOptions, connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { localTokenFile, openAudit, readTokenFile } from '@vmgrid/access';
import { decodeXmlReply } from '@vmgrid/protocol/xml';
import { order, SIMULATED_MACHINE } from '@vmgrid/test-support/grids/documents.ts';
import { vmgrid } from '@vmgrid/test-support/grids/programs.ts';
import { testFolder } from '@vmgrid/test-support/grids/test-warehouse.ts';
import { eventually } from '@vmgrid/test-support/hosts/processes.ts';
import { NO_DEADLINE } from '@vmgrid/test-support/jest/no-deadline.ts';
import { buildBaseImage } from '../../packages/vmgrid/src/local-grid/base-image.ts';
import { type Daemon, type DaemonName, startDaemon } from '../../packages/vmgrid/src/local-grid/daemons.ts';

const READY_MS = 60_000;

let folder: string;
let shop: Daemon;
let plant: Daemon;
const file = (...names: string[]) => join(folder, ...names);
const tlsOf = (name: string) => ({
  certificateFile: file('site', `${name}.pem`),
  keyFile: file('site', `${name}-key.pem`),
  caFile: file('site', 'ca.pem'),
  revocationFile: file('site', 'revoked.pem'),
});
const start = (program: DaemonName, name: string, config: Record<string, unknown>) =>
  startDaemon(
    { name: program, configFile: file(`${name}.json`), config, logFile: file(`${name}.log`) },
    AbortSignal.timeout(READY_MS),
  );
const token = () => readTokenFile(localTokenFile(file('shop-access')))!;

beforeAll(async () => {
  folder = await testFolder('tls');
  const made = await vmgrid(['certs', 'init', '--directory', file('site'), 'shop:shop', 'plant:plant-1']);
  expect(made).toMatchObject({ status: 0, err: '' });
  await buildBaseImage({ os: SIMULATED_MACHINE.os, warehouse: file('warehouse') }, true);
  shop = await start('vmshop', 'shop', {
    ...{ host: '0.0.0.0', httpPort: 0, xmlPort: 0, tls: tlsOf('shop'), accessDirectory: file('shop-access') },
  });
  plant = await start('vmplant', 'plant-1', plantConfig('plant-1', tlsOf('plant-1')));
}, 3 * READY_MS);
afterAll(async () => {
  await plant?.stop();
  await shop?.stop();
  await rm(folder, { recursive: true, force: true });
}, READY_MS);

const plantConfig = (plantId: string, tls: object) => ({
  ...{ plantId, tls, lines: ['simulated'], capacity: { memoryMiB: 1_024, diskMiB: 8_192 } },
  upstreams: [`wss://localhost:${shop.ready.httpPort}/v1/link`],
  ...{ stateDirectory: file(plantId), warehouseDirectory: file('warehouse'), accessDirectory: file('plant-access') },
});
const flags = () => [
  ...['--shop', `https://localhost:${shop.ready.httpPort}`, '--ca-file', file('site', 'ca.pem')],
  ...['--token-file', localTokenFile(file('shop-access'))],
];

test('a VM is made over HTTPS on a plant whose link is TLS both ways', async () => {
  await writeFile(file('create.json'), JSON.stringify(order([], { machine: SIMULATED_MACHINE })));
  const { status, out, err } = await vmgrid(['--json', ...flags(), 'create', file('create.json')]);
  expect([status, err]).toEqual([0, '']);
  const { vm } = JSON.parse(out);
  expect(vm).toMatchObject({ Plant: 'plant-1', State: 'running', Owner: 'operator' });
  const destroyed = await vmgrid(['--json', ...flags(), 'destroy', vm.VmId]);
  expect(JSON.parse(destroyed.out).vm.State).toBe('destroyed');
}, 60_000);

test('the TCP endpoint speaks TLS, with the token in the first line', async () => {
  const ca = await readFile(file('site', 'ca.pem'), 'utf8');
  const socket = connect(Number(shop.ready.xmlPort), 'localhost', { ca, allowHalfOpen: true } as ConnectionOptions);
  socket.end(`${token()}\n<vmgrid version="1"><list/></vmgrid>`);
  expect(decodeXmlReply(await text(socket))).toEqual({ kind: 'vms', body: { vms: [], silentPlants: [] } });
});

test(
  'a client that does not know the CA tells nobody its token',
  async () => {
    const withoutCa = flags().filter((word) => word !== '--ca-file' && !word.endsWith('/ca.pem'));
    const { status, err } = await vmgrid(['--json', ...withoutCa, 'list']);
    expect([status, JSON.parse(err).error.code]).toEqual([1, 'SHOP_UNREACHABLE']);
  },
  READY_MS,
);

test('nothing is answered in clear', async () => {
  await expect(fetch(`http://localhost:${shop.ready.httpPort}/health/live`)).rejects.toThrow();
});

test('a certificate of the site is no token of a client', async () => {
  const { certificateFile, keyFile, caFile } = tlsOf('plant-1');
  const [cert, key, ca] = await Promise.all([certificateFile, keyFile, caFile].map((one) => readFile(one, 'utf8')));
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  const tls = { cert: cert!, key: key!, ca: ca! };
  request(`https://localhost:${shop.ready.httpPort}/v1/vms`, tls, (response) => resolve(response.resume().statusCode))
    .on('error', reject)
    .end();
  expect(await promise).toBe(401);
});

test('a renewed certificate is shown at both endpoints after SIGHUP, which ends nobody', async () => {
  const ca = await readFile(file('site', 'ca.pem'), 'utf8');
  const shown = async (port: unknown) => {
    const socket = connect(Number(port), 'localhost', { ca });
    await once(socket, 'secureConnect');
    const { serialNumber } = socket.getPeerCertificate();
    socket.destroy();
    return serialNumber;
  };
  const before = await shown(shop.ready.httpPort);
  for (const name of ['shop.pem', 'shop-key.pem']) await rm(file('site', name));
  expect((await vmgrid(['certs', 'init', '--directory', file('site'), 'shop:shop'])).status).toBe(0);
  const renewed = new X509Certificate(await readFile(file('site', 'shop.pem'))).serialNumber;
  for (const { pid } of [shop, plant]) process.kill(pid, 'SIGHUP');
  for (const port of [shop.ready.httpPort, shop.ready.xmlPort]) {
    await eventually('the new certificate is shown', async () => (await shown(port)) === renewed);
  }
  expect(renewed).not.toBe(before);
  const { status, out } = await vmgrid(['--json', ...flags(), 'plants']);
  expect([status, JSON.parse(out).plants.length]).toEqual([0, 1]);
}, 60_000);

describe('a daemon does not start', () => {
  const refusal = (program: DaemonName, name: string, config: Record<string, unknown>): Promise<unknown> =>
    start(program, name, config).then(
      () => undefined,
      (error: { readonly code?: string }) => error.code,
    );

  test.each(['0.0.0.0', '::'])(
    'when it would listen on %s in clear',
    async (host) => {
      const config = { host, httpPort: 0, xmlPort: 0, accessDirectory: file('shop-access') };
      expect(await refusal('vmshop', `open-${host.length}`, config)).toBe('TLS_REQUIRED');
    },
    READY_MS,
  );

  test(
    'when it would dial another machine in clear',
    async () => {
      const config = { ...plantConfig('plant-2', tlsOf('plant-1')), upstreams: ['ws://192.0.2.1:7780/v1/link'] };
      expect(await refusal('vmplant', 'clear', config)).toBe('TLS_REQUIRED');
    },
    READY_MS,
  );

  test(
    'with a key that others may read',
    async () => {
      const { keyFile, ...tls } = tlsOf('shop');
      await copyFile(keyFile, file('exposed.pem'));
      await chmod(file('exposed.pem'), 0o644);
      const config = { httpPort: 0, xmlPort: 0, tls: { ...tls, keyFile: file('exposed.pem') } };
      const refused = refusal('vmshop', 'exposed', { ...config, accessDirectory: file('shop-access') });
      expect(await refused).toBe('KEY_EXPOSED');
    },
    READY_MS,
  );
});

test('a plant with a certificate of another name is not taken', async () => {
  const [config, logFile] = [plantConfig('plant-2', tlsOf('plant-1')), file('plant-2.log')];
  const over = new AbortController();
  const impostor = startDaemon(
    { name: 'vmplant', configFile: file('plant-2.json'), config, logFile },
    over.signal,
  ).catch(({ code }) => code);
  const isRefused = async () => (await readFile(logFile, 'utf8').catch(() => '')).includes('are not those of');
  await eventually('the shop has refused the link', isRefused);
  const { out } = await vmgrid(['--json', ...flags(), 'plants']);
  expect(JSON.parse(out).plants.map(({ plantId }: { plantId: string }) => plantId)).toEqual(['plant-1']);
  over.abort();
  expect(await impostor).toBe('CANCELLED');
}, 60_000);

test('a certificate that is revoked ends the link that it opened, and opens no other, while the daemons run', async () => {
  const revoked = await vmgrid(['--json', 'certs', 'revoke', 'plant-1', '--directory', file('site')]);
  expect(JSON.parse(revoked.out)).toMatchObject({ revocationFile: file('site', 'revoked.pem'), added: true });
  const audit = openAudit(file('shop-access'), 'test');
  const query = { operation: 'link.register', outcome: 'UNAUTHENTICATED', most: 1 };
  const refusals = async () => (await audit.list(query, NO_DEADLINE)).entries;
  await eventually('the plant has dialled again and was refused', async () => (await refusals()).length > 0);
  expect(await refusals()).toMatchObject([{ daemon: 'shop', door: 'link' }]);
  audit.close();
  expect(await readFile(file('shop.log'), 'utf8')).toContain('the credentials of the other end are no longer valid');
  expect(JSON.parse((await vmgrid(['--json', ...flags(), 'plants'])).out).plants).toEqual([]);
}, 60_000);
