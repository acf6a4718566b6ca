/** A shop that dials the plants of its list. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { LinkAbove } from '@vmgrid/protocol';
import { freePort } from '@vmgrid/test-support/hosts/free-port.ts';
import { WebSocket } from 'ws';
import { ListeningPlant } from './both-ways.ts';
import { UpperEnd } from './upper-end.ts';

let upper: UpperEnd;
let plant: ListeningPlant;

beforeEach(async () => {
  upper = await new UpperEnd().start({ reconnectMinMs: 20, reconnectMaxMs: 100 });
  plant = new ListeningPlant();
});

afterEach(async () => {
  await upper.stop();
  await plant.close();
});

test('a plant that starts after the shop joins', async () => {
  const port = await freePort();
  upper.list(`ws://127.0.0.1:${port}/v1/link`);
  await upper.warned();
  await plant.start({}, port);
  expect((await upper.next('joined')).plantId).toBe('plant-1');
});

test('a plant that is killed and started again leaves and joins', async () => {
  await plant.start();
  upper.list(plant.url);
  await upper.next('joined');
  const { port } = plant;
  await plant.kill();
  await upper.next('left');
  plant = await new ListeningPlant().start({}, port);
  await upper.next('joined', 2);
  expect(upper.comings).toEqual(['joined', 'left', 'joined']);
});

test('an address that is no plant is logged and dialled again, and costs the plants nothing', async () => {
  const other = createServer((_, response) => response.writeHead(404).end()).listen(0, '127.0.0.1');
  await once(other, 'listening');
  const url = `ws://127.0.0.1:${(other.address() as AddressInfo).port}/v1/link`;
  upper.list(url);
  const reason = 'Unexpected server response: 404';
  expect(await upper.warned()).toMatchObject({ url, reason });
  expect(await upper.warned(2)).toMatchObject({ url, reason });
  upper.list((await plant.start()).url);
  const { bidder } = await upper.next('joined');
  expect(upper.link.bidders()).toEqual([bidder]);
  other.closeAllConnections();
  other.close();
});

test('a shop that lists itself hears no hello, and dials on', async () => {
  await upper.stop();
  await upper.start({ helloMs: 500, reconnectMinMs: 20, reconnectMaxMs: 100 });
  upper.list(`${upper.url}/v1/link`);
  expect(await upper.warned()).toMatchObject({ reason: 'no hello within 500 ms' });
  expect(upper.comings).toEqual([]);
});

test('a shop that closes leaves its plants, and dials no more', async () => {
  await plant.start();
  upper.list(plant.url);
  await upper.next('joined');
  await upper.stop();
  expect((await upper.next('left')).reason).toBe('the upper end is shutting down');
  expect(upper.comings).toEqual(['joined', 'left']);
  expect(upper.link.bidders()).toEqual([]);
});

test('the plant hears of each link that comes up, can tell it something, and hears of its end', async () => {
  const ended = Promise.withResolvers<LinkAbove>();
  const links: LinkAbove[] = [];
  const opened = (link: LinkAbove) => {
    links.push(link);
    link.notify('ad', { Cpus: 3 });
  };
  await plant.start({ opened, ended: ended.resolve });
  upper.list(plant.url);
  expect(await upper.next('notified')).toMatchObject({ plantId: 'plant-1', event: 'ad', value: { Cpus: 3 } });
  await upper.stop();
  expect([await ended.promise]).toEqual(links);
});

test('a plant refuses the links of web pages, and more than its limit', async () => {
  await plant.start({ limits: { connections: 1 } });
  expect(await refusalOf({ origin: 'http://attacker.example' })).toBe('Unexpected server response: 403');
  upper.list(plant.url);
  await upper.next('joined');
  expect(await refusalOf({})).toBe('Unexpected server response: 503');
});

async function refusalOf(options: { readonly origin?: string }): Promise<string> {
  const [error] = await once(new WebSocket(plant.url, options), 'error');
  return error.message;
}
