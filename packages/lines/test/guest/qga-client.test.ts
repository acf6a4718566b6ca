/** The client over a real socket, with an agent that answers when the test says. */

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { Duplex } from 'node:stream';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { NO_DEADLINE } from '@vmgrid/test-support/jest/no-deadline.ts';
import { QgaClient } from '../../src/guest/qga-client.ts';

const directory = useTemporaryFolder();
const signal = NO_DEADLINE;

interface Command {
  readonly execute: string;
  readonly arguments: { readonly id?: number };
}

let server: Server;
let agentEnd: Socket;
let client: QgaClient;
let commands: Command[];
/** The agent's reaction to a command that is no sync. */
let onCommand: (command: Command) => void;
let onSync: (id: unknown) => void;

beforeEach(async () => {
  commands = [];
  onSync = answer;
  server = createServer();
  const path = `${directory()}/agent.sock`;
  server.listen(path);
  const joined = once(server, 'connection');
  client = new QgaClient(connect(path));
  [agentEnd] = (await joined) as [Socket];
  createInterface({ input: agentEnd }).on('line', (line) => {
    const command = JSON.parse(line.slice(line.indexOf('{'))) as Command;
    commands.push(command);
    if (command.execute === 'guest-sync-delimited') onSync(command.arguments.id);
    else onCommand(command);
  });
});
afterEach(() => {
  client.close();
  agentEnd.destroy();
  server.close();
});

const answer = (value: unknown): void => void agentEnd.write(`${JSON.stringify({ return: value })}\n`);

test('a command gets the answer to it', async () => {
  onCommand = ({ execute }) => answer(execute);
  expect(await client.execute('guest-ping', {}, signal)).toBe('guest-ping');
  expect(await client.execute('guest-info', {}, signal)).toBe('guest-info');
  expect(commands.map(({ execute }) => execute)).toEqual(['guest-ping', 'guest-info']);
});

test('an answer that comes after its command was given up is not taken for that of the next', async () => {
  const impatient = new AbortController();
  onCommand = () => impatient.abort(new Error('given up'));
  await expect(client.execute('guest-info', {}, impatient.signal)).rejects.toThrow('given up');
  answer('late');
  onCommand = ({ execute }) => answer(execute);
  expect(await client.execute('guest-ping', {}, signal)).toBe('guest-ping');
  expect(commands.map(({ execute }) => execute)).toEqual(['guest-info', 'guest-sync-delimited', 'guest-ping']);
});

test('an agent that was not there when it was first asked is asked again', async () => {
  const lost: unknown[] = [];
  onSync = (id) => {
    if (lost.push(id) > 1) answer(id);
  };
  await client.synchronize(signal);
  expect(commands.map(({ execute }) => execute)).toEqual(['guest-sync-delimited', 'guest-sync-delimited']);
});

test('an agent that always takes longer than that is waited for, and none of its late answers is taken for that to a command', async () => {
  onSync = (id) => setTimeout(() => answer(id), 900);
  await client.synchronize(signal);
  onCommand = ({ execute }) => answer(execute);
  expect(await client.execute('guest-ping', {}, signal)).toBe('guest-ping');
});

test('what is no reply is passed over, and what an agent says is cut', async () => {
  onCommand = ({ execute }) => {
    agentEnd.write('null\n7\n"text"\n2}}\n[\n');
    if (execute === 'guest-info') agentEnd.write(`${JSON.stringify({ error: { desc: 'x'.repeat(100_000) } })}\n`);
    else agentEnd.write('{"error": null, "return": "well"}\n');
  };
  expect(await client.execute('guest-ping', {}, signal)).toBe('well');
  const refused = await client.execute('guest-info', {}, signal).catch((error: Error) => error);
  expect(refused).toMatchObject({ code: 'GUEST_UNREACHABLE' });
  expect((refused as Error).message.length).toBeLessThan(2_000);
});

test('of a guest that writes without end only so many lines are looked at, and none when it was not asked', async () => {
  // The test emits here what the guest writes.
  const socket = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() }) as Socket;
  const flooded = new QgaClient(socket);
  const parse = jest.spyOn(JSON, 'parse');
  const lookedAt = () => parse.mock.calls.length;
  const garbage = Buffer.from('2}}\n'.repeat(10_000));
  socket.emit('data', garbage);
  expect(lookedAt()).toBe(0);
  const asked = flooded.execute('guest-info', {}, signal);
  await new Promise((resolve) => setImmediate(resolve));
  socket.emit('data', Buffer.concat([garbage.subarray(0, 40), Buffer.from('{"return": "well"}\n'), garbage]));
  expect([await asked, lookedAt()]).toEqual(['well', 11]);
  const silent = flooded.execute('guest-info', {}, AbortSignal.timeout(50));
  await new Promise((resolve) => setImmediate(resolve));
  socket.emit('data', garbage);
  await expect(silent).rejects.toThrow();
  expect(lookedAt()).toBe(11 + 1_000);
  parse.mockRestore();
  flooded.close();
});
