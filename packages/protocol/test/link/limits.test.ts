import { once } from 'node:events';
import { afterEach, expect, test } from '@jest/globals';
import type { LinkClient, LinkLimits } from '@vmgrid/protocol';
import { closed, dial, HELLO_TEXT, handlers, rawSocket, VM_ID } from './lower-end.ts';
import { UpperEnd } from './upper-end.ts';

let upper: UpperEnd;
let lower: LinkClient | undefined;

afterEach(async () => {
  await lower?.close();
  lower = undefined;
  await upper.stop();
});

async function start(limits: Partial<LinkLimits>): Promise<void> {
  upper = await new UpperEnd().start(limits);
}

test('more waiting calls than the limit are refused as OVERLOADED', async () => {
  await start({ pendingCalls: 1 });
  lower = dial(upper.url, { handlers: handlers({ query: () => new Promise(() => undefined) }) });
  const { bidder } = await upper.next('joined');
  const first = bidder.call('query', { vmId: VM_ID }, { deadlineMs: 100 });
  await expect(bidder.call('query', { vmId: VM_ID }, { deadlineMs: 100 })).rejects.toMatchObject({
    code: 'OVERLOADED',
    details: { pendingCalls: 1 },
  });
  await expect(first).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
});

test('a call over the size limit is refused as BODY_TOO_LARGE before it is sent, and the link lives on', async () => {
  await start({ messageBytes: 4_000 });
  lower = dial(upper.url, { handlers: handlers({ list: async () => [] }) });
  const { bidder } = await upper.next('joined');
  const constraint = 'x'.repeat(5_000);
  await expect(bidder.call('list', { constraint }, { deadlineMs: 1_000 })).rejects.toMatchObject({
    code: 'BODY_TOO_LARGE',
  });
  await expect(bidder.call('list', {}, { deadlineMs: 1_000 })).resolves.toEqual([]);
});

test('a bidder that sends an oversized message is cut off', async () => {
  await start({ messageBytes: 4_000 });
  const socket = await rawSocket(upper);
  socket.send(HELLO_TEXT);
  await upper.next('joined');
  socket.send('x'.repeat(5_000));
  expect((await closed(socket)).code).toBe(1009);
  expect((await upper.next('left')).reason).toContain('Max payload size exceeded');
});

test('a bidder that stops reading makes calls fail as OVERLOADED, and is then cut off as a slow reader', async () => {
  await start({ bufferedBytes: 200_000, heartbeatMs: 50, silenceMs: 60_000 });
  const socket = await rawSocket(upper);
  socket.send(HELLO_TEXT);
  const { bidder } = await upper.next('joined');
  socket.pause();
  const constraint = 'x'.repeat(100_000);
  const codes = new Set<string>();
  for (let sent = 0; sent < 200 && !codes.has('OVERLOADED'); sent += 1) {
    const call = bidder.call('list', { constraint }, { deadlineMs: 30_000 });
    await Promise.race([
      call.catch((error: { code: string }) => codes.add(error.code)),
      new Promise((resolve) => setImmediate(resolve)),
    ]);
  }
  expect([...codes]).toEqual(['OVERLOADED']);
  expect((await upper.next('left')).reason).toContain('slow reader');
  socket.terminate();
});

test('a bidder that goes silent is cut off after the silence limit', async () => {
  await start({ heartbeatMs: 20, silenceMs: 100 });
  const socket = await rawSocket(upper);
  socket.send(HELLO_TEXT);
  await upper.next('joined');
  socket.pause();
  expect((await upper.next('left')).reason).toMatch(/^silent for \d+ ms, the limit is 100 ms$/);
  socket.terminate();
});

test('heartbeats keep an idle link alive past the silence limit, and the listener hears them', async () => {
  await start({ heartbeatMs: 20, silenceMs: 100 });
  lower = dial(upper.url, { limits: { heartbeatMs: 20, silenceMs: 100 } });
  await upper.next('heard', 20);
  expect(lower.state).toBe('open');
  expect(upper.events.filter(({ kind }) => kind === 'left')).toEqual([]);
});

test('an end that did not run for longer than the silence limit does not take the other one for silent', async () => {
  await start({ heartbeatMs: 20, silenceMs: 100 });
  lower = dial(upper.url, { limits: { heartbeatMs: 20, silenceMs: 100 } });
  await upper.next('heard', 3);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 150); // the whole process stands still
  await upper.next('heard', 5);
  expect(upper.events.filter(({ kind }) => kind === 'left')).toEqual([]);
});

test('an end that hears the other one ping does not ping itself, and is heard by its answers', async () => {
  await start({ heartbeatMs: 500, silenceMs: 5_000 });
  const socket = await rawSocket(upper);
  socket.send(HELLO_TEXT);
  await upper.next('joined');
  const heard: string[] = [];
  for (const kind of ['ping', 'pong'] as const) socket.on(kind, () => heard.push(kind));
  const pinging = setInterval(() => socket.ping(), 20);
  await upper.next('heard', 40); // longer than a heartbeat
  clearInterval(pinging);
  expect(new Set(heard)).toEqual(new Set(['pong']));
  await once(socket, 'ping'); // once the other end is quiet
  socket.terminate();
});

test('links over the limit of connections are refused until one ends', async () => {
  await start({ connections: 1 });
  lower = dial(upper.url);
  await upper.next('joined');
  const second = dial(upper.url, { hello: () => ({ plantId: 'plant-2', version: '0.1.0', ad: {} }) });
  await lower.close();
  expect((await upper.next('joined', 2)).plantId).toBe('plant-2');
  await second.close();
});

test('a connection that never says hello is closed', async () => {
  await start({ helloMs: 30 });
  const socket = await rawSocket(upper);
  await expect(closed(socket)).resolves.toEqual({ code: 1008, reason: 'no hello within 30 ms' });
  expect(upper.events).toEqual([]);
});
