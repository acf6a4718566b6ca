import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hash32, hash32Pair } from '../src/index.ts';

const PLANTS = Array.from({ length: 20 }, (_, number) => `plant-${number}`);
const REQUESTS = Array.from({ length: 2_000 }, (_, number) => `request-${number}`);

const firstOf = (request: string, plants: readonly string[]) =>
  plants.reduce((best, plant) => (placeOf(request, plant) < placeOf(request, best) ? plant : best));
const placeOf = (request: string, plant: string) => hash32Pair(hash32(request), hash32(plant));

test('every plant comes first for about as many requests as any other', () => {
  const wins = Map.groupBy(REQUESTS, (request) => firstOf(request, PLANTS));
  const counts = PLANTS.map((plant) => wins.get(plant)?.length ?? 0);
  expect(Math.min(...counts)).toBeGreaterThan(60);
  expect(Math.max(...counts)).toBeLessThan(140);
});

test('which plant comes second says nothing about which one came first', () => {
  const [first, ...others] = PLANTS;
  const lost = REQUESTS.filter((request) => firstOf(request, PLANTS) === first);
  const seconds = new Set(lost.map((request) => firstOf(request, others)));
  expect(seconds.size).toBeGreaterThan(15);
});

test('the number of a text is that of its bytes in UTF-8, ASCII or not', () => {
  const texts = fc.string({ unit: 'binary' });
  fc.assert(fc.property(texts, (text) => expect(hash32(text)).toBe(ofBytes(Buffer.from(text)))));
});

/** FNV-1a, then the finalizer of MurmurHash3, as they are written down. */
function ofBytes(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
