import { mkdtemp, rm } from 'node:fs/promises';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { connectUnix, listenUnix } from '../../host/src/unix-socket.ts';
import { QmpClient } from '../src/qemu/qmp/qmp-client.ts';

const signal = AbortSignal.timeout(60_000);
let folder: string;
let server: Server;
let peer: Socket;

/** The reaction of the far end to each command. */
type Answer = (command: { execute: string; id: number }) => object[];
let answer: Answer;

beforeEach(async () => {
  // Longer than the 107 bytes an address of a unix socket may have.
  folder = await mkdtemp(join(tmpdir(), `vmgrid-${'long-'.repeat(24)}`));
  answer = ({ id }) => [{ return: {}, id }];
  server = await listenUnix(folder, 'qmp.sock', signal);
  server.on('connection', (socket) => {
    peer = socket;
    socket.write('{"QMP": {"version": {}, "capabilities": []}}\r\n');
    socket.on('data', (data) => {
      for (const line of data.toString().trim().split('\n')) {
        for (const message of answer(JSON.parse(line))) socket.write(`${JSON.stringify(message)}\r\n`);
      }
    });
  });
});

afterEach(async () => {
  peer?.destroy();
  server.close();
  await rm(folder, { recursive: true, force: true });
});

const open = async (): Promise<QmpClient> => QmpClient.open(await connectUnix(folder, 'qmp.sock', signal), { signal });

test('a command resolves with what it returned, whatever comes in between', async () => {
  const client = await open();
  answer = ({ id }) => [
    { event: 'STOP', data: {} },
    { return: 'other', id: id + 100 },
    { return: { running: true }, id },
  ];
  expect(await client.execute('query-status', {}, { signal })).toEqual({ running: true });
  client.close();
});

test("a refusal is VMM_FAILED in QEMU's own words", async () => {
  const client = await open();
  answer = ({ id }) => [{ error: { class: 'GenericError', desc: 'no such device' }, id }];
  await expect(client.execute('eject', {}, { signal })).rejects.toMatchObject({
    code: 'VMM_FAILED',
    message: 'QEMU: no such device',
    details: { class: 'GenericError' },
  });
  client.close();
});

test('silence ends with the deadline, an abort with its reason', async () => {
  const client = await open();
  answer = () => [];
  await expect(client.execute('stop', {}, { signal, timeoutMs: 20 })).rejects.toMatchObject({ code: 'VMM_FAILED' });
  const reason = new Error('enough');
  await expect(client.execute('stop', {}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  client.close();
});

test('an event that was asked for before its command is not missed', async () => {
  const client = await open();
  answer = ({ id }) => [
    { event: 'RESUME', data: { n: 1 } },
    { return: {}, id },
  ];
  const resumed = client.nextEvent(({ event }) => event === 'RESUME', 'RESUME', { signal });
  await client.execute('cont', {}, { signal });
  expect(await resumed).toEqual({ event: 'RESUME', data: { n: 1 } });
  client.close();
});

test('when the other end goes, all that waits fails and `closed` resolves', async () => {
  const client = await open();
  answer = () => {
    peer.destroy();
    return [];
  };
  const event = expect(client.nextEvent(() => true, 'anything', { signal })).rejects.toMatchObject({
    code: 'VMM_FAILED',
  });
  await expect(client.execute('quit', {}, { signal })).rejects.toMatchObject({ code: 'VMM_FAILED' });
  await event;
  await client.closed;
  await expect(client.execute('stop', {}, { signal })).rejects.toMatchObject({ code: 'VMM_FAILED' });
});

test('what is not the protocol closes the connection', async () => {
  const client = await open();
  peer.write('<html>\n');
  await client.closed;
});

test('a socket that does not exist yet is waited for', async () => {
  const connecting = connectUnix(folder, 'late.sock', signal);
  const late = await listenUnix(folder, 'late.sock', signal);
  (await connecting).destroy();
  late.close();
  await expect(connectUnix(folder, 'never.sock', AbortSignal.timeout(50))).rejects.toMatchObject({
    name: expect.stringMatching(/TimeoutError|AbortError/),
  });
});
