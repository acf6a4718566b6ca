/**
 * An award is sent only to a bidder that lives: to one that hangs it would be lost, or come when nobody waits any more.
 */
import { once } from 'node:events';
import { afterEach, expect, test } from '@jest/globals';
import type { Bidder, CreateRequest, Identified, LinkLimits } from '@vmgrid/protocol';
import type { ClientOptions, WebSocket } from 'ws';
import { HELLO_TEXT, rawSocket } from './lower-end.ts';
import { UpperEnd } from './upper-end.ts';

const REQUEST: Identified<CreateRequest> = {
  requestId: 'request-1',
  machine: { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 2_048 },
  dag: { actions: [] },
};
const NEVER_FRESH = { freshMs: -1 };

let upper: UpperEnd;
afterEach(() => upper.stop());

interface Joined {
  readonly bidder: Bidder;
  readonly socket: WebSocket;
  readonly came: readonly string[];
}

/** A bidder that says hello, and whether it was asked, in what order it was pinged and called. */
async function join(limits: Partial<LinkLimits>, options: ClientOptions = {}): Promise<Joined> {
  upper = await new UpperEnd().start({ heartbeatMs: 60_000, ...limits });
  const socket = await rawSocket(upper, options);
  socket.send(HELLO_TEXT);
  const { bidder } = await upper.next('joined');
  const came: string[] = [];
  socket.on('ping', () => came.push('ping'));
  socket.on('message', (data) => {
    const { id, method } = JSON.parse(data.toString());
    if (method === undefined) return;
    came.push(method);
    socket.send(JSON.stringify({ jsonrpc: '2.0', id, result: method === 'create' ? { VmId: 'vm-1' } : {} }));
  });
  return { bidder, socket, came };
}

test('a bidder that was heard of just now is awarded at once', async () => {
  const { bidder, came } = await join({ freshMs: 60_000 });
  expect(await bidder.call('create', REQUEST, { deadlineMs: 5_000 })).toEqual({ VmId: 'vm-1' });
  expect(came).toEqual(['create']);
});

test('one sign of life vouches for one award: one that hangs since then swallows no more', async () => {
  const { bidder, socket, came } = await join({ freshMs: 60_000, pingMs: 50 });
  socket.pause();
  const swallowed = bidder.call('create', REQUEST, { deadlineMs: 5_000 });
  await expect(bidder.call('create', REQUEST, { deadlineMs: 5_000 })).rejects.toMatchObject({
    code: 'PLANT_LOST',
    details: { plantId: 'plant-1', asked: false },
  });
  socket.resume();
  expect(await swallowed).toEqual({ VmId: 'vm-1' });
  expect(came.toSorted()).toEqual(['create', 'ping']);
  expect(await bidder.call('create', REQUEST, { deadlineMs: 5_000 })).toEqual({ VmId: 'vm-1' });
  expect(came.toSorted()).toEqual(['create', 'create', 'ping']);
});

test('awards that wait together wait each for a sign of life of its own', async () => {
  const { bidder, socket, came } = await join({ ...NEVER_FRESH, pingMs: 5_000 }, { autoPong: false });
  const awards = [1, 2].map(() => bidder.call('create', REQUEST, { deadlineMs: 5_000 }));
  while (came.length < 2) await once(socket, 'ping');
  expect(came).toEqual(['ping', 'ping']);
  socket.pong();
  expect(await Promise.race(awards)).toEqual({ VmId: 'vm-1' });
  expect(came).toEqual(['ping', 'ping', 'create']);
  socket.pong();
  await Promise.all(awards);
  expect(came).toEqual(['ping', 'ping', 'create', 'create']);
});

test('one that was not answers a ping first', async () => {
  const { bidder, came } = await join(NEVER_FRESH);
  expect(await bidder.call('create', REQUEST, { deadlineMs: 5_000 })).toEqual({ VmId: 'vm-1' });
  expect(came).toEqual(['ping', 'create']);
});

test('one that hangs was not asked, and whoever listens hears that it is silent', async () => {
  const { bidder, socket, came } = await join({ ...NEVER_FRESH, pingMs: 50 });
  socket.pause();
  await expect(bidder.call('create', REQUEST, { deadlineMs: 5_000 })).rejects.toMatchObject({
    code: 'PLANT_LOST',
    details: { plantId: 'plant-1', asked: false },
  });
  expect(upper.events.at(-1)).toEqual({ kind: 'silent', plantId: 'plant-1' });
  socket.resume();
  await new Promise((resolve) => socket.once('ping', resolve));
  expect(came).toEqual(['ping']);
});

test('everything but an award is sent without a ping', async () => {
  const { bidder, came } = await join(NEVER_FRESH);
  await bidder.call('removeImage', { imageId: 'base' }, { deadlineMs: 5_000 });
  expect(came).toEqual(['removeImage']);
});
