import { expect, test } from '@jest/globals';
import { pseudonymOf } from '@vmgrid/protocol';
import type { RecordedRequest } from '../../src/tending/recorded-request.ts';
import { replayable } from '../../src/tending/replayable-request.ts';

const PSEUDONYM_KEY = 'f'.repeat(64);
const [FIRST, SECRET] = ['a'.repeat(64), 'b'.repeat(64)];
const machine = { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 2_048 } as const;
const recorded: RecordedRequest = {
  ...{ at: 5, requestId: 'order-of-alice', machine, shape: 's', edges: [[0, 1]], imageId: 'image-1', line: 'qemu' },
  actions: [
    { id: 'user-arijit', digest: FIRST, kind: 'script', seconds: 4 },
    { id: 'password', digest: SECRET, kind: 'script', secret: true },
  ],
  ...{ start: 'boot', phasesMs: { boot: 5_000, agent: 1_000, actions: 4_000 } },
};

test('of a request its form and times are given away, and no word of its client', () => {
  expect(replayable(recorded, PSEUDONYM_KEY)).toEqual({
    ...{
      at: 5,
      machine,
      edges: [{ from: 0, to: 1 }],
      imageId: pseudonymOf(PSEUDONYM_KEY, 'image-1'),
      line: 'qemu',
      start: 'boot',
    },
    actions: [
      { id: 'a1', digest: pseudonymOf(PSEUDONYM_KEY, FIRST), kind: 'script', seconds: 4 },
      { id: 'a2', digest: pseudonymOf(PSEUDONYM_KEY, SECRET), kind: 'script' },
    ],
    phasesMs: { boot: 5_000, agent: 1_000 },
  });
});

test('equal digests are equal under one pseudonym key, and not to be matched under another', () => {
  const digests = (pseudonymKey: string) => replayable(recorded, pseudonymKey).actions.map(({ digest }) => digest);
  expect(digests(PSEUDONYM_KEY)).toEqual(digests(PSEUDONYM_KEY));
  expect(digests(PSEUDONYM_KEY)).not.toEqual(digests('0'.repeat(64)));
});
