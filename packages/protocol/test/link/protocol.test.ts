import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { closed, HELLO_TEXT, rawSocket } from './lower-end.ts';
import { UpperEnd } from './upper-end.ts';

let upper: UpperEnd;

beforeEach(async () => {
  upper = await new UpperEnd().start();
});

afterEach(() => upper.stop());

const garbage: readonly (readonly [string, string | Buffer, string])[] = [
  ['text that is not JSON', '{', 'link message: not JSON'],
  ['JSON that is no object', '[]', 'the document is a list of 0 items, not of type object'],
  ['a number', '7', 'link message: not a JSON object'],
  ['another version of JSON-RPC', '{"jsonrpc":"1.0","method":"ad","params":{}}', 'jsonrpc is "1.0"'],
  ['an id that is no integer', '{"jsonrpc":"2.0","id":"a","result":null}', 'id is "a"'],
  ['an unknown member', '{"jsonrpc":"2.0","method":"ad","params":{},"extra":1}', '"extra" is not known'],
  ['a binary message', Buffer.from('{}'), 'a binary message came'],
  ['an unknown event', '{"jsonrpc":"2.0","method":"weather","params":{}}', 'weather is no event'],
  [
    'an event of the wrong shape',
    '{"jsonrpc":"2.0","method":"progress","params":{}}',
    'progress: requestId is missing',
  ],
  ['a cancellation of the wrong shape', '{"jsonrpc":"2.0","method":"$/cancel","params":{}}', '$/cancel: id is missing'],
];

test.each(garbage)('%s ends the link with the reason', async (_, message, reason) => {
  const socket = await rawSocket(upper);
  socket.send(HELLO_TEXT);
  await upper.next('joined');
  socket.send(message);
  const end = await closed(socket);
  expect(end).toMatchObject({ code: 1008, reason: expect.stringContaining(reason) });
  await upper.next('left');
});

test('an event before the hello ends the link', async () => {
  const socket = await rawSocket(upper);
  socket.send('{"jsonrpc":"2.0","method":"ad","params":{}}');
  await expect(closed(socket)).resolves.toEqual({ code: 1008, reason: 'ad came before hello' });
});

test('a hello of the wrong shape is answered LINK_PROTOCOL and joins nobody', async () => {
  const socket = await rawSocket(upper);
  const reply = new Promise<string>((resolve) => socket.once('message', (data) => resolve(String(data))));
  socket.send(HELLO_TEXT.replace('plant-1', 'Plant 1'));
  expect(JSON.parse(await reply)).toMatchObject({ id: 1, error: { data: { code: 'LINK_PROTOCOL' } } });
  expect(upper.link.bidders()).toEqual([]);
  socket.terminate();
});

test('a second hello is answered LINK_PROTOCOL', async () => {
  const socket = await rawSocket(upper);
  const replies: string[] = [];
  const two = new Promise<void>((resolve) => {
    socket.on('message', (data) => replies.push(String(data)) === 2 && resolve());
  });
  socket.send(HELLO_TEXT);
  socket.send(HELLO_TEXT.replace('"id":1', '"id":2'));
  await two;
  expect(JSON.parse(replies[0] ?? '')).toEqual({ jsonrpc: '2.0', id: 1, result: {} });
  expect(JSON.parse(replies[1] ?? '')).toMatchObject({ id: 2, error: { data: { code: 'LINK_PROTOCOL' } } });
  socket.terminate();
});

test('an answer to no call is ignored', async () => {
  const socket = await rawSocket(upper);
  socket.send(HELLO_TEXT);
  await upper.next('joined');
  socket.send('{"jsonrpc":"2.0","id":99,"result":null}');
  socket.send('{"jsonrpc":"2.0","method":"ad","params":{"Cpus":1}}');
  await upper.next('notified');
  socket.terminate();
});

test('a WebSocket at another path is refused with 404', async () => {
  const socket = new WebSocket(`ws://127.0.0.1:${upper.port}/v1/other`);
  const error = await new Promise<Error>((resolve) => socket.once('error', resolve));
  expect(error.message).toBe('Unexpected server response: 404');
});

test('a web page, which names an Origin, gets no link', async () => {
  const socket = new WebSocket(`ws://127.0.0.1:${upper.port}/v1/link`, { origin: 'http://attacker.example' });
  const [error] = await once(socket, 'error');
  expect(error).toMatchObject({ message: 'Unexpected server response: 403' });
  expect(upper.events).toEqual([{ kind: 'warned', details: { origin: 'http://attacker.example' } }]);
});
