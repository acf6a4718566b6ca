import { stripVTControlCharacters } from 'node:util';
import { expect, test } from '@jest/globals';
import type { PlantSuggestions } from '@vmgrid/protocol';
import { suggestionsText } from '../src/commands/suggest-command.ts';

const suggestions: PlantSuggestions = {
  plantId: 'plant-1',
  requests: 100,
  suggestions: ['octave', 'texlive', 'gcc'].map((id) => ({
    machine: { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 2048 },
    line: 'qemu',
    actions: ['login', id].map((name) => ({ id: name, digest: '0'.repeat(64), kind: 'script' })),
    ...{ requests: 28, savedSeconds: 1_234.56, bytes: 150 * 1_048_576, buildable: id !== 'gcc' },
  })),
  before: { hits: 31, meanSeconds: 41 },
  after: { hits: 84, meanSeconds: 0.3 },
};

test('suggestions are a table, and a sentence that says what they would change together', () => {
  const lines = stripVTControlCharacters(suggestionsText(suggestions)).split('\n');
  expect(lines[0]).toBe('plant-1, 100 requests:');
  expect(lines[2]!.split(/ {2,}/)).toEqual([
    ...['1', 'debian-12, 256 MiB, 1 cpus', '28', '1234.6 s', '150.0 MiB', 'yes', 'login octave'],
  ]);
  expect(lines.at(-1)).toBe('With these 3 images: hit rate 31 % → 84 %, mean time to ready 41.00 s → 300 ms.');
});

test('a plant without suggestions says why', () => {
  expect(suggestionsText({ ...suggestions, suggestions: [], requests: 0 })).toBe('plant-1 remembers no requests yet');
  expect(suggestionsText({ ...suggestions, suggestions: [] })).toBe(
    'plant-1: no image would have saved any of 100 requests time',
  );
});
