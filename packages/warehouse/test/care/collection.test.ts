import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { savedSeconds } from '../../../vmplant/src/images/image-collector.ts';
import { type CollectibleImage, planCollection, worthOf } from '../../src/care/collection.ts';
import { baseDraft, historyOf, imageOf, suspendedDraft } from '../made-up-images.ts';

const MIB = 1_048_576;

const image = (imageId: string, changes: Partial<CollectibleImage> = {}): CollectibleImage => ({
  ...{ imageId, ownBytes: 100 * MIB, hits: 1, savedSeconds: 10, isBase: false },
  ...{ pinned: false, users: [], children: [] },
  ...changes,
});

const verdicts = (images: readonly CollectibleImage[], targetMiB?: number) =>
  planCollection(images, targetMiB === undefined ? undefined : targetMiB * MIB).images.map(
    ({ imageId, verdict, reason }) => [imageId, verdict, reason],
  );

const LEAST = 'the least worth of those that nothing needs';

test('the image of least worth goes first, and no more than needed', () => {
  const images = [image('much', { hits: 100 }), image('little'), image('slow', { savedSeconds: 200 })];
  expect(verdicts(images, 200)).toEqual([
    ['little', 'remove', LEAST],
    ['slow', 'keep', 'the rest fits the target'],
    ['much', 'keep', 'the rest fits the target'],
  ]);
});

test('pinned, used and base images stay, and what others stand on until those are gone', () => {
  const images = [
    image('base', { isBase: true, hits: 0, children: ['below'] }),
    image('below', { hits: 0, children: ['above'] }),
    image('above', { hits: 5 }),
    image('pinned', { pinned: true }),
    image('used', { users: ['vm-1'] }),
  ];
  expect(verdicts(images, 0)).toEqual([
    ['above', 'remove', LEAST],
    ['below', 'remove', LEAST],
    ['base', 'keep', 'a base image: without it nothing starts its system'],
    ['pinned', 'keep', 'pinned'],
    ['used', 'keep', 'used by vm-1'],
  ]);
  expect(verdicts(images, 400)[0]).toEqual(['above', 'remove', LEAST]);
  expect(verdicts(images, 400)[2]).toEqual(['below', 'keep', 'the rest fits the target']);
});

test('without a target nothing goes', () => {
  expect(verdicts([image('any')])).toEqual([['any', 'keep', 'neither a target nor a quota is given']]);
});

test('for any warehouse: nothing that is needed goes, the rest fits or all that is left is needed', () => {
  const warehouse = fc
    .array(fc.record({ bytes: fc.nat(1_000), hits: fc.nat(9), flags: fc.nat(15), parent: fc.nat(99) }), {
      minLength: 1,
      maxLength: 12,
    })
    .map((seeds) => {
      const parents = seeds.map(({ parent }, index) => (index === 0 ? -1 : parent % index));
      return seeds.map(({ bytes, hits, flags }, index) =>
        image(`image-${index}`, {
          ...{ ownBytes: bytes, hits, isBase: index === 0, pinned: flags === 1, users: flags === 2 ? ['vm'] : [] },
          children: parents.flatMap((parent, child) => (parent === index ? [`image-${child}`] : [])),
        }),
      );
    });
  fc.assert(
    fc.property(warehouse, fc.nat(6_000), (images, target) => {
      const plan = planCollection(images, target);
      const gone = plan.images.filter(({ verdict }) => verdict === 'remove').map(({ imageId }) => imageId);
      const byId = new Map(images.map((one) => [one.imageId, one]));
      for (const [index, id] of gone.entries()) {
        const { pinned, users, isBase, children } = byId.get(id)!;
        expect([pinned, users.length, isBase]).toEqual([false, 0, false]);
        for (const child of children) expect(gone.slice(0, index)).toContain(child);
      }
      const rest = images.filter(({ imageId }) => !gone.includes(imageId));
      const left = rest.reduce((sum, one) => sum + one.ownBytes, 0);
      expect(left).toBe(plan.usedBytes - plan.freedBytes);
      const needed = plan.images.every(({ verdict, reason }) => verdict === 'remove' || !reason.includes('fits'));
      expect(left <= target || needed).toBe(true);
      expect(plan.images.map(({ imageId }) => imageId).sort()).toEqual([...byId.keys()].sort());
    }),
    { numRuns: 1_000 },
  );
});

test('worth is seconds saved times hits by MiB', () => {
  expect(worthOf(image('any', { savedSeconds: 30, hits: 4, ownBytes: 60 * MIB }))).toBe(2);
});

test('an image saves the actions it adds to its parent, as learnt, and the boot that a restore spares', () => {
  const base = imageOf(baseDraft('base'));
  const [first, second] = ['a', 'b'].map((digit) => digit.repeat(64)) as [string, string];
  const octave = imageOf(suspendedDraft('octave', 'base', { history: historyOf(first) }));
  const plotting = imageOf(suspendedDraft('plotting', 'base', { history: historyOf(first, second) }));
  const none = { expect: () => undefined };
  expect(savedSeconds(base, undefined, none)).toBe(0);
  expect(savedSeconds(octave, base, none)).toBe(1 + 15 - 0.5);
  expect(savedSeconds(plotting, octave, none)).toBe(1);
  const learnt = { expect: (key: string) => (key === `action:${second}` ? 40 : undefined) };
  expect(savedSeconds(plotting, octave, learnt)).toBe(40);
});
