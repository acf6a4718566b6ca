import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from '@jest/globals';
import { type CreateRequest, ExplainReply, validate } from '@vmgrid/protocol';
import { explanationDot } from '../../src/output/explanation-dot.ts';
import { changeText, explanationText, relaxationText } from '../../src/output/explanation-text.ts';

const EXAMPLE = join(import.meta.dirname, '../../../../schemas/examples/valid/reply-explain.json');
const reply = validate(ExplainReply, JSON.parse(readFileSync(EXAMPLE, 'utf8')));
const script = (id: string) => ({ kind: 'script', id, script: id }) as const;
const request: Pick<CreateRequest, 'machine' | 'dag'> = {
  machine: { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 2048 },
  dag: {
    actions: ['login', 'keys', 'octave', 'dns'].map(script),
    edges: [
      { from: 'login', to: 'keys' },
      { from: 'keys', to: 'dns' },
    ],
  },
};

test('an explanation says what is chosen and why, counts the misses, and what would make the nearest match', () => {
  const lines = stripVTControlCharacters(explanationText(reply)).split('\n');
  const cellsOf = (start: string) => lines.find((line) => line.startsWith(start))!.split(/ {2,}/);
  expect(lines[0]).toBe(
    'plant-1: 2 of 5 images match; failed: 1 by the machine test, 1 by the subset test, 1 by the partial-order test',
  );
  expect(lines[1]).toMatch(
    /^Would restore image-login-octave on qemu, ready in 1.32 s: 0.12 s to restore and 1.2 s for 2 actions;/,
  );
  expect(lines).toContain('  has    login octave');
  expect(cellsOf('image-login ').slice(1)).toEqual([
    ...['1', '3', '-', '44.82 s'],
    'suspended with 512 MiB of memory, wanted 256 (to restore: memoryMiB = 512)',
  ]);
  expect(cellsOf('image-all').at(-1)).toBe('remove edge login→keys');
  expect(cellsOf('image-large').at(-1)).toBe('diskMiB ≥ 4096');
});

test('without plants, and without an image that matches, an explanation says so', () => {
  expect(explanationText({ plants: [], silentPlants: [] })).toBe('no plant answered');
  const { chosen: _, ...plant } = reply.plants[0]!;
  expect(explanationText({ plants: [plant], silentPlants: [] })).toContain('No image can become this machine.');
});

test('changes are said in a few words, and when they do not suffice that is said too', () => {
  expect(changeText({ kind: 'drop-action', action: 'dns' })).toBe('drop action dns');
  const changes = [{ kind: 'add-action', action: 'gcc', digest: '' } as const];
  expect(relaxationText({ changes, suffices: true })).toBe('add action gcc');
  expect(relaxationText({ changes, suffices: false })).toBe('add action gcc, and more');
});

test('the graph colours what the chosen image has and marks where the nearest miss would be mended', () => {
  const dot = explanationDot(request, reply);
  expect(dot).toMatch(/^digraph request \{\n/);
  expect(dot).toContain('"login" [label="login\\nscript", fillcolor=palegreen];');
  expect(dot).toContain('"dns" [label="dns\\nscript"];');
  expect(dot).toContain('"/start" -> "login";');
  expect(dot).not.toContain('"/start" -> "keys"');
  expect(dot).toContain('"login" -> "keys" [color=red, style=dashed];');
  expect(dot).toContain('"keys" -> "dns";');
  expect(dot).toContain('plant-1: restore image-login-octave\\n2 cached, 2 to run\\nready in 1.32 s');
  expect(dot).toContain('to match: remove edge login→keys');
});

test('text in the graph cannot leave its quotes', () => {
  const odd = { ...request, dag: { actions: [{ kind: 'script', id: 'a"\\', script: 'x' } as const] } };
  expect(explanationDot(odd, { plants: [], silentPlants: [] })).toContain('"a\\"\\\\" [label="a\\"\\\\\\nscript"];');
});
