/** The client over a real socket, with an agent that answers when the test says. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { QgaClient } from '../../src/guest/qga-client.ts';
import { useTemporaryFolder } from '../temporary-folder.ts';

const directory = useTemporaryFolder();
const signal = AbortSignal.timeout(30_000);

interface Command {
  readonly execute: string;
  readonly arguments: { readonly id?: number };
}

let server: Server;
let agentEnd: Socket;
let client: QgaClient;
let commands: Command[];
/** What the agent does with a command that is no sync. */
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
