/** The TCP endpoint over real sockets of the loopback. */
import { once } from 'node:events';
import { connect, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { listen } from '@vmgrid/http-api';
import { GridError, REQUEST_LIMITS } from '@vmgrid/protocol';
import { createTcpServer, type TcpServerOptions } from '../../src/tcp/tcp-server.ts';

let server: Server;
let port: number;
let answered: string[];
let sockets: Socket[];

async function open(options: Partial<TcpServerOptions<unknown>> = {}): Promise<void> {
  server = createTcpServer<unknown>({
    admit: () => undefined,
    ownerOf: () => 'ada',
    answer: async (document) => {
      answered.push(document.toString());
      return `<reply to="${document}"/>`;
    },
    refuse: ({ code, message }) => `<error code="${code}">${message}</error>`,
    documentMs: 60_000,
    ...options,
  });
  port = await listen(server, '127.0.0.1', 0);
}

beforeEach(() => {
  answered = [];
  sockets = [];
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  const closed = once(server, 'close');
  server.close();
  await closed;
});

async function client(): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

/** All that comes until the server ends the connection. */
async function replyOf(socket: Socket): Promise<string> {
  let text = '';
  for await (const chunk of socket) text += chunk;
  return text;
}

/** The server's ends of the connections that are open now. */
const connections = () =>
  new Promise<number>((resolve, reject) =>
    server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );

async function untilNoConnection(): Promise<void> {
  while ((await connections()) > 0) await new Promise((resolve) => setImmediate(resolve));
}

test('a client that half-closes after its document gets the reply and the end of the connection', async () => {
  await open();
  const socket = await client();
  socket.end('<create/>');
  expect(await replyOf(socket)).toBe('<reply to="<create/>"/>');
  expect(answered).toEqual(['<create/>']);
});

test('a document may come in pieces, cut anywhere', async () => {
  await open();
  const socket = await client();
  socket.setNoDelay(true);
  for (const byte of Buffer.from('<création/>')) {
    socket.write(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  socket.end();
  expect(await replyOf(socket)).toBe('<reply to="<création/>"/>');
});

test('a client that does not say who it is is refused before its document has come', async () => {
  const shown: (string | undefined)[] = [];
  await open({
    admit: (token) => {
      shown.push(token);
      if (token !== 'vmg_ada') throw new GridError('UNAUTHENTICATED', 'who?');
    },
  });
  for (const beginning of ['<cre', 'vmg_eve\n<cre', 'x'.repeat(10_000)]) {
    const socket = await client();
    socket.write(beginning); // and no more: a document that is waited for would end in BODY_INCOMPLETE
    expect(await replyOf(socket)).toBe('<error code="UNAUTHENTICATED">who?</error>');
  }
  const socket = await client();
  socket.end('vmg_ada\r\n<create/>');
  expect(await replyOf(socket)).toBe('<reply to="<create/>"/>');
  expect([shown, answered]).toEqual([[undefined, 'vmg_eve', undefined, 'vmg_ada'], ['<create/>']]);
});

test('the reply waits for long work, longer than a document may take', async () => {
  const work = Promise.withResolvers<string>();
  await open({ answer: () => work.promise, documentMs: 20 });
  const socket = await client();
  socket.end('<create/>');
  setTimeout(() => work.resolve('<late/>'), 100);
  expect(await replyOf(socket)).toBe('<late/>');
});

/** A token that holds until it does not. */
function revocable() {
  let holds = true;
  const show = (token: string | undefined) => {
    if (!holds || token !== 'vmg_ada') throw new GridError('UNAUTHENTICATED', 'who?');
  };
  const revoke = () => {
    holds = false;
  };
  return { admit: show, revalidate: show, revoke };
}

test('a document whose token was revoked before all of it had come is not carried out', async () => {
  const { admit, revoke, ...more } = revocable();
  const admitted = Promise.withResolvers<void>();
  await open({
    ...more,
    admit: (token) => {
      admit(token);
      admitted.resolve();
    },
  });
  const socket = await client();
  socket.write('vmg_ada\n<cre');
  await admitted.promise;
  revoke();
  socket.end('ate/>');
  expect(await replyOf(socket)).toBe('<error code="UNAUTHENTICATED">who?</error>');
  expect(answered).toEqual([]);
});

test('a reply that is waited for does not come once the token is revoked', async () => {
  const { revoke, ...token } = revocable();
  const work = Promise.withResolvers<string>();
  const started = Promise.withResolvers<void>();
  await open({
    ...{ ...token, lookedAtMs: 10 },
    answer: () => {
      started.resolve();
      return work.promise;
    },
  });
  const socket = await client();
  socket.end('vmg_ada\n<create/>');
  await started.promise;
  revoke();
  expect(await replyOf(socket).catch(() => '')).toBe('');
  await untilNoConnection();
  work.resolve('<reply/>');
});

test('an error of the answer that is not one of ours is told without its text', async () => {
  await open({ answer: () => Promise.reject(new Error('hunter2')) });
  const socket = await client();
  socket.end('<create/>');
  const reply = await replyOf(socket);
  expect(reply).toContain('code="INTERNAL"');
  expect(reply).not.toContain('hunter2');
});

test('an error of ours is told by its code', async () => {
  await open({ answer: () => Promise.reject(new GridError('DRAINING', 'the shop is shutting down')) });
  const socket = await client();
  socket.end('<create/>');
  expect(await replyOf(socket)).toBe('<error code="DRAINING">the shop is shutting down</error>');
});

test('half a document and then silence gets a reply that says so', async () => {
  await open({ documentMs: 50 });
  const socket = await client();
  socket.write('<create');
  // On a host that is busy not even these bytes may have come.
  expect(await replyOf(socket)).toMatch(
    /^<error code="BODY_INCOMPLETE">the document was not complete within 50 ms; [07] bytes had come<\/error>$/,
  );
  expect(answered).toEqual([]);
});

test('a document that trickles in without end is cut off at the same time', async () => {
  await open({ documentMs: 100 });
  const socket = await client();
  const trickle = setInterval(() => socket.write('x'), 10);
  socket.on('error', () => undefined); // once the server has closed
  expect(await replyOf(socket)).toContain('code="BODY_INCOMPLETE"');
  clearInterval(trickle);
});

test('a client that goes on sending after its reply is cut off', async () => {
  await open({ documentMs: 50 });
  const socket = await client();
  socket.on('error', () => undefined);
  const trickle = setInterval(() => socket.write('x'), 5);
  await untilNoConnection();
  clearInterval(trickle);
});

test('a client that does not take its reply is cut off', async () => {
  await open({ documentMs: 100, answer: async () => 'x'.repeat(64 * 1024 * 1024) });
  const socket = await client();
  socket.pause();
  socket.end('<list/>');
  await new Promise((resolve) => setTimeout(resolve, 20));
  await untilNoConnection();
});

test('a document of just the limit is taken, one byte more is refused', async () => {
  await open({ answer: async (document) => `<bytes>${document.length}</bytes>` });
  const [fits, over] = await Promise.all([client(), client()]);
  fits.end(Buffer.alloc(REQUEST_LIMITS.bodyBytes));
  expect(await replyOf(fits)).toBe(`<bytes>${REQUEST_LIMITS.bodyBytes}</bytes>`);
  over.on('error', () => undefined);
  over.end(Buffer.alloc(REQUEST_LIMITS.bodyBytes + 1));
  expect(await replyOf(over)).toBe(
    `<error code="BODY_TOO_LARGE">the document has ${REQUEST_LIMITS.bodyBytes + 1} bytes, the limit is ${REQUEST_LIMITS.bodyBytes}</error>`,
  );
});

test.each([
  ['after who sent it was known', 20],
  ['before', 0],
])('a document over the quota of its owner is refused as that, though it came %s', async (_, waitMs) => {
  const known = Promise.withResolvers<string>();
  await open({ admit: () => known.promise, limitOf: (owner) => ({ bytes: 7, owner: String(owner) }) });
  const socket = await client();
  socket.on('error', () => undefined);
  socket.write('vmg_ada\n');
  if (waitMs === 0) socket.write('<create/>');
  setTimeout(() => {
    known.resolve('ada');
    setImmediate(() => socket.writable && socket.write('<create/>'));
  }, 20);
  expect(await replyOf(socket)).toMatch(/<error code="QUOTA_BODY">the document has \d+ bytes, the quota of ada is 7</);
  expect(answered).toEqual([]);
});

test('a client that does not say who it is in time is not waited for as long as a document is', async () => {
  await open({ tokenMs: 30, documentMs: 60_000 });
  for (const beginning of ['', 'vmg_half-a-tok']) {
    const socket = await client();
    socket.write(beginning);
    expect(await replyOf(socket)).toContain('<error code="BODY_INCOMPLETE">no token came within 30 ms');
  }
});

test('once it has said who it is the document has its own time', async () => {
  const admitted = Promise.withResolvers<void>();
  await open({ tokenMs: 1_000, documentMs: 60_000, admit: () => admitted.resolve() });
  const socket = await client();
  socket.write('vmg_ada\n<cre');
  await admitted.promise;
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  socket.end('ate/>');
  expect(await replyOf(socket)).toBe('<reply to="<create/>"/>');
});

test('a client that sends far too much still gets to read why it was refused', async () => {
  await open();
  const socket = await client();
  socket.on('error', () => undefined);
  const reply = replyOf(socket);
  for (let megabyte = 0; megabyte < 32; megabyte += 1) socket.write(Buffer.alloc(1024 * 1024));
  socket.end();
  expect(await reply).toContain('code="BODY_TOO_LARGE"');
});

test('a client that leaves in the middle of its document is forgotten', async () => {
  await open();
  for (const leave of ['destroy', 'resetAndDestroy'] as const) {
    const socket = await client();
    socket.write('<create');
    socket[leave]();
    await once(socket, 'close');
  }
  await untilNoConnection();
  // To a socket, destroying without unread data looks like a half-close: the decoder refuses the half document.
  expect(answered.filter((document) => document !== '<create')).toEqual([]);
});

test('a client that goes away while it is answered hurts nobody', async () => {
  const work = Promise.withResolvers<string>();
  const started = Promise.withResolvers<void>();
  await open({
    answer: () => {
      started.resolve();
      return work.promise;
    },
  });
  const socket = await client();
  socket.end('<create/>');
  await started.promise;
  socket.destroy();
  work.resolve('<reply/>');
  await untilNoConnection();
  const next = await client();
  next.end('<create/>');
  expect(await replyOf(next)).toBe('<reply/>');
});

test('a hundred clients that reset at any moment do not stop the endpoint', async () => {
  await open();
  const resetting = Array.from({ length: 100 }, async (_, index) => {
    const socket = await client();
    if (index % 3 > 0) socket.write('<create/>');
    if (index % 3 > 1) socket.end();
    for (let tick = 0; tick < index % 5; tick += 1) await new Promise((resolve) => setImmediate(resolve));
    // Node cannot reset a socket that has half-closed; the kernel does it when the reply is not wanted.
    if (index % 3 > 1) socket.destroy();
    else socket.resetAndDestroy();
  });
  await Promise.all(resetting);
  await untilNoConnection();
  const socket = await client();
  socket.end('<list/>');
  expect(await replyOf(socket)).toBe('<reply to="<list/>"/>');
});

test('however many connections say nothing, the one that says who it is gets in: the longest silent goes', async () => {
  await open({ connections: 50, tokenMs: 60_000 });
  const silent: Socket[] = [];
  for (let index = 0; index < 120; index += 1) {
    const socket = await client();
    socket.on('error', () => undefined);
    silent.push(socket);
  }
  const socket = await client();
  socket.end('<list/>');
  expect(await replyOf(socket)).toBe('<reply to="<list/>"/>');
  expect(await connections()).toBeLessThanOrEqual(50);
  await Promise.all(silent.slice(0, 70).map((one) => one.readableEnded || once(one.resume(), 'end')));
  expect(silent.slice(72).map(({ readableEnded }) => readableEnded)).not.toContain(true);
});

test('over the limit of connections, each of another owner that is known, one more is closed at once, and let in when another has left', async () => {
  const work = Promise.withResolvers<string>();
  const recognized = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let admitted = 0;
  await open({
    ...{ connections: 2, answer: () => work.promise },
    admit: () => {
      recognized[admitted]?.resolve();
      admitted += 1;
      return admitted;
    },
    ownerOf: String,
  });
  const [first, second] = [await client(), await client()];
  for (const socket of [first, second]) socket.end('<list/>');
  await Promise.all(recognized.map(({ promise }) => promise));
  const third = await client();
  third.on('error', () => undefined);
  expect(await replyOf(third).catch(() => '')).toBe('');
  work.resolve('<done/>');
  expect(await Promise.all([first, second].map(replyOf))).toEqual(['<done/>', '<done/>']);
  await untilNoConnection();
  const fourth = await client();
  fourth.end('<list/>');
  expect(await replyOf(fourth)).toBe('<done/>');
});

test('an owner that has all connections keeps nobody out: its oldest makes room', async () => {
  const work = Promise.withResolvers<string>();
  const started = [0, 1, 2, 3].map(() => Promise.withResolvers<void>());
  let answers = 0;
  await open({
    ...{ connections: 4, admit: (token) => token, ownerOf: String },
    answer: async (_, owner) => {
      if (owner === 'vmg_bob') return '<for-bob/>';
      started[answers]!.resolve();
      answers += 1;
      return work.promise;
    },
  });
  const clients: Socket[] = [];
  for (const [index, owner] of ['vmg_eve', 'vmg_ada', 'vmg_ada', 'vmg_ada'].entries()) {
    clients.push(await client());
    clients[index]!.end(`${owner}\n<list/>`);
    await started[index]!.promise;
  }
  const bob = await client();
  bob.end('vmg_bob\n<list/>');
  expect(await replyOf(bob)).toBe('<for-bob/>');
  expect(await replyOf(clients[1]!).catch(() => '')).toBe('');
  work.resolve('<done/>');
  expect(await Promise.all([0, 2, 3].map((index) => replyOf(clients[index]!)))).toEqual(Array(3).fill('<done/>'));
});
