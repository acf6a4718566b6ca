import { createServer, request as httpRequest, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { GridError } from '@vmgrid/protocol';
import express from 'express';
import { bodyMedium, type Medium, replyMedium } from '../../src/exchange/negotiate.ts';
import { listen } from '../../src/server/listen.ts';

let server: Server;
let port: number;

/** Says what is made of a request's headers; a header `offered` narrows what there is. */
beforeAll(async () => {
  const app = express();
  app.post('/', (request, response) => {
    const offered = request.get('offered')?.split(',') as Medium[] | undefined;
    const outcome = (work: () => unknown) => {
      try {
        return work();
      } catch (error) {
        const { code, details } = error as GridError;
        return error instanceof GridError ? { code, details } : String(error);
      }
    };
    response.json({ body: outcome(() => bodyMedium(request)), reply: outcome(() => replyMedium(request, offered)) });
  });
  server = createServer(app);
  port = await listen(server, '127.0.0.1', 0);
});
afterAll(() => {
  server.close();
});

/** By hand, because `fetch` adds headers of its own. */
async function ask(headers: Readonly<Record<string, string>>, body = 'x'): Promise<{ body: unknown; reply: unknown }> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const request = httpRequest({ port, host: '127.0.0.1', method: 'POST', path: '/', headers }, (response) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (chunk) => {
      text += chunk;
    });
    response.on('end', () => resolve(text));
  });
  request.on('error', reject);
  request.end(body);
  return JSON.parse(await promise);
}

describe('the body', () => {
  test.each([
    ['application/json', 'json'],
    ['application/json; charset=utf-8', 'json'],
    ['APPLICATION/JSON', 'json'],
    ['application/xml', 'xml'],
    ['text/xml; charset=utf-8', 'xml'],
  ])('of type %s is %s', async (type, medium) => {
    expect((await ask({ 'content-type': type })).body).toBe(medium);
  });

  test.each([
    ['text/plain'],
    ['application/x-www-form-urlencoded'],
    ['application/json-seq'],
    ['json'],
    ['x'.repeat(300)],
  ])('of type %s is refused by name', async (type) => {
    expect((await ask({ 'content-type': type })).body).toEqual({
      code: 'MEDIA_TYPE_UNSUPPORTED',
      details: { contentType: type.slice(0, 100) },
    });
  });

  test('of no type is refused', async () => {
    expect((await ask({})).body).toEqual({ code: 'MEDIA_TYPE_UNSUPPORTED', details: { contentType: 'none' } });
  });
});

describe('the reply', () => {
  const reply = async (headers: Readonly<Record<string, string>>) => (await ask(headers)).reply;

  test('is as the body was when the client does not say', async () => {
    expect(await reply({ 'content-type': 'application/json' })).toBe('json');
    expect(await reply({ 'content-type': 'application/xml' })).toBe('xml');
    expect(await reply({ 'content-type': 'text/xml', accept: '*/*' })).toBe('xml');
    expect(await reply({})).toBe('json');
  });

  test.each([
    ['application/xml', 'xml'],
    ['text/xml', 'xml'],
    ['application/json', 'json'],
    ['application/json;q=0.5, application/xml', 'xml'],
    ['application/json, application/xml;q=0.5', 'json'],
    ['text/html, application/xml;q=0.9, */*;q=0.8', 'xml'],
    ['application/*', 'json'],
    ['text/*', 'xml'],
    ['application/json;q=0, */*', 'xml'],
  ])('to a JSON body with Accept: %s is %s', async (accept, medium) => {
    expect(await reply({ 'content-type': 'application/json', accept })).toBe(medium);
  });

  test('that the client cannot take is refused with what there is', async () => {
    expect(await reply({ accept: 'text/html' })).toEqual({
      code: 'NOT_ACCEPTABLE',
      details: { offered: ['application/json', 'application/xml', 'text/xml'] },
    });
  });

  test('of an address that speaks JSON only is JSON, or refused', async () => {
    expect(await reply({ offered: 'json', 'content-type': 'application/xml' })).toBe('json');
    expect(await reply({ offered: 'json', accept: 'application/xml' })).toEqual({
      code: 'NOT_ACCEPTABLE',
      details: { offered: ['application/json'] },
    });
  });
});
