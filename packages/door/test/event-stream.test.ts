import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { GridError } from '@vmgrid/protocol';
import express from 'express';
import { listen, streamEvents } from '../src/index.ts';

let server: Server;
let url: string;
/** What showing the credentials again comes to. */
let shown: () => Promise<unknown>;
let stopped: PromiseWithResolvers<void>;

beforeEach(async () => {
  shown = async () => undefined;
  stopped = Promise.withResolvers();
  const app = express();
  app.get('/events', (_request, response) => {
    response.locals.showAgain = () => shown();
    const subscribe = (send: (name: string, data: unknown) => void) => {
      send('hello', { to: 'you' });
      return () => stopped.resolve();
    };
    streamEvents(response, subscribe, 10);
  });
  server = createServer(app);
  url = `http://127.0.0.1:${await listen(server, '127.0.0.1', 0)}/events`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

test('a stream ends when what its client showed holds no longer, and not for another reason', async () => {
  const response = await fetch(url);
  const chunks = response.body![Symbol.asyncIterator]();
  const next = async () => Buffer.from((await chunks.next()).value!).toString();
  expect(await next()).toBe('event: hello\ndata: {"to":"you"}\n\n');
  for (const code of ['QUOTA_REQUESTS', 'IDENTITY_UNAVAILABLE'] as const) {
    shown = () => Promise.reject(new GridError(code, 'not now'));
    expect(await next()).toMatch(/^(:\n\n)+$/);
    expect(await next()).toMatch(/^(:\n\n)+$/);
  }
  shown = () => Promise.reject(new GridError('UNAUTHENTICATED', 'revoked'));
  await expect(
    (async () => {
      for (;;) if ((await chunks.next()).done) return;
    })(),
  ).rejects.toThrow();
  await stopped.promise;
});

test('who listens no more is forgotten', async () => {
  const controller = new AbortController();
  await fetch(url, { signal: controller.signal });
  controller.abort();
  await stopped.promise;
});
