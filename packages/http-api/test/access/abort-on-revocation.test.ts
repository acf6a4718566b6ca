import { createServer, request as httpRequest, type Server } from 'node:http';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { GridError } from '@vmgrid/protocol';
import express from 'express';
import { abortOnRevocation } from '../../src/access/abort-on-revocation.ts';
import { listen, streamEvents } from '../../src/index.ts';

let server: Server;
let url: string;
/** The result of checking the credentials again. */
let shown: () => Promise<unknown>;
let looks: number;
let ended: PromiseWithResolvers<void>;

beforeEach(async () => {
  shown = async () => undefined;
  looks = 0;
  ended = Promise.withResolvers();
  const app = express();
  app.use((_request, response, next) => {
    response.locals.revalidate = () => {
      looks += 1;
      return shown();
    };
    response.once('close', () => ended.resolve());
    next();
  }, abortOnRevocation(10));
  app.get('/events', (_request, response) =>
    streamEvents(response, (send) => {
      send('hello', { to: 'you' });
      return () => undefined;
    }),
  );
  app.post('/waits', (request) => void request.resume()); // and never replies
  server = createServer(app);
  url = `http://127.0.0.1:${await listen(server, '127.0.0.1', 0)}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const revoked = () => Promise.reject(new GridError('UNAUTHENTICATED', 'revoked'));

async function looked(): Promise<void> {
  for (const from = looks; looks < from + 2; ) await new Promise((resolve) => setImmediate(resolve));
}

test('a stream of events ends when what its client showed holds no longer, and not for another reason', async () => {
  const response = await fetch(`${url}/events`);
  const chunks = response.body![Symbol.asyncIterator]();
  expect(Buffer.from((await chunks.next()).value!).toString()).toBe('event: hello\ndata: {"to":"you"}\n\n');
  for (const code of ['QUOTA_REQUESTS', 'IDENTITY_UNAVAILABLE'] as const) {
    shown = () => Promise.reject(new GridError(code, 'not now'));
    await looked();
  }
  let isOver = false;
  ended.promise.then(() => {
    isOver = true;
  });
  await looked();
  expect(isOver).toBe(false);
  shown = revoked;
  await expect(chunks.next()).rejects.toThrow();
  await ended.promise;
});

test('so does an upload that goes on, and a reply that is waited for', async () => {
  for (const end of [false, true]) {
    ended = Promise.withResolvers();
    shown = async () => undefined;
    const failed = Promise.withResolvers<Error>();
    const asked = httpRequest(`${url}/waits`, { method: 'POST' }).on('error', failed.resolve);
    asked.write('the beginning');
    if (end) asked.end();
    await looked();
    shown = revoked;
    expect(await failed.promise).toMatchObject({ code: 'ECONNRESET' });
    await ended.promise;
  }
});
