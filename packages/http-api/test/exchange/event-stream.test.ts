import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import express from 'express';
import { listen, streamEvents } from '../../src/index.ts';

let server: Server;
let url: string;
let stopped: PromiseWithResolvers<void>;

beforeEach(async () => {
  stopped = Promise.withResolvers();
  const app = express();
  app.get('/events', (_request, response) => {
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

test('who listens no more is forgotten', async () => {
  const controller = new AbortController();
  await fetch(url, { signal: controller.signal });
  controller.abort();
  await stopped.promise;
});

test('a stream that has nothing to say is kept open by comments', async () => {
  const response = await fetch(url);
  let heard = '';
  for await (const chunk of response.body!) {
    heard += Buffer.from(chunk).toString();
    if (heard.endsWith('\n:\n\n:\n\n')) break;
  }
  expect(heard).toMatch(/^event: hello\ndata: \{"to":"you"\}\n\n(:\n\n)+$/);
});

test('who left before the stream began is forgotten as it begins', async () => {
  const forgotten = Promise.withResolvers<void>();
  const app = express();
  app.get('/', async (_request, response) => {
    const closed = once(response, 'close');
    controller.abort();
    await closed;
    streamEvents(response, () => () => forgotten.resolve());
  });
  const late = createServer(app);
  const controller = new AbortController();
  const port = await listen(late, '127.0.0.1', 0);
  await expect(fetch(`http://127.0.0.1:${port}/`, { signal: controller.signal })).rejects.toThrow();
  await forgotten.promise;
  late.close();
});
