import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isoImage } from '../../src/guest/disc/iso-image.ts';
import { readIso } from '../../src/guest/disc/read-iso.ts';

const name = fc.stringMatching(/^[a-z0-9]{1,8}(\.[a-z0-9]{1,3})?$/);
const files = fc.dictionary(name, fc.uint8Array({ maxLength: 5_000 }), { maxKeys: 120 });

test('a disc that was written is read back as it was', () => {
  fc.assert(
    fc.property(files, (written) => {
      const image = isoImage(
        'TEST',
        Object.entries(written).map(([name, content]) => ({ name, content })),
      );
      const read = Object.fromEntries([...readIso(image)].map(([name, content]) => [name, new Uint8Array(content)]));
      expect(read).toEqual({ ...written });
    }),
    { numRuns: 50 },
  );
});

test('what is no disc is refused', () => {
  expect(() => readIso(Buffer.alloc(100_000))).toThrow('no ISO 9660 image');
});
