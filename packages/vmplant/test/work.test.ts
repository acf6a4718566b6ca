import { expect, test } from '@jest/globals';
import { inside, type Wrapper } from '../src/work.ts';

test('the first wrapper is the outermost, and each may end the work before it begins', async () => {
  const told: string[] = [];
  const telling =
    (name: string): Wrapper<string, string> =>
    (next) =>
    async (request, signal) => {
      told.push(`${name} begins`);
      const reply = await next(request, signal);
      told.push(`${name} ends`);
      return reply;
    };
  const known: Wrapper<string, string> = (next) => async (request, signal) =>
    request === 'known' ? 'known before' : next(request, signal);
  const work = inside([telling('a'), known, telling('b')], async (request) => `done ${request}`);
  const { signal } = new AbortController();
  expect(await work('it', signal)).toBe('done it');
  expect(told.splice(0)).toEqual(['a begins', 'b begins', 'b ends', 'a ends']);
  expect(await work('known', signal)).toBe('known before');
  expect(told).toEqual(['a begins', 'a ends']);
});
